import TaskservList from '../taskserv/list.ts';

export default class ListTaskservs extends TaskservList {
  static override summary = 'Services that can be installed, and where they are';
  static override examples = ['provisioning list taskservs', 'provisioning list taskservs --out json'];
}
