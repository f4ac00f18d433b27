import SchedulePause from './pause.ts';

export default class ScheduleResume extends SchedulePause {
  static override summary = 'Go on with a schedule; what it has missed is not made up for';
  static override examples = ['provisioning workflow schedule resume nightly'];

  protected override readonly verb = 'resume';
}
