import ProviderList from '../provider/list.ts';

export default class ListProviders extends ProviderList {
  static override summary = 'Providers that can be used here';
  static override examples = ['provisioning list providers', 'provisioning list providers --out json'];
}
