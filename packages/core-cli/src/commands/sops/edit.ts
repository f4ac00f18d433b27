import ConfigEditSecure from '../config/edit-secure.ts';

export default class SopsEdit extends ConfigEditSecure {
  static override examples = ['provisioning sops edit config/secure.yaml'];
}
