export { asProviderError, type CallStatistics, type ChangeRecord, guardProvider } from './guard.ts';
export {
  type InstalledProvider,
  installedProviders,
  packedProviderFolder,
  recordPackedProvider,
  refuseOtherForm,
  installProvider,
  type InstallOptions,
  type ProviderFinding,
  providerFunctions,
  removeProvider,
  validateProviders,
} from './install.ts';
export { loadProviderModule } from './load.ts';
export { installHint, optionalProviders } from '../extensions/optional-providers.ts';
export { costOf, totalCost, type Cost } from './price.ts';
export { providerServerIssues } from './server-settings.ts';
export {
  checkProfile,
  isCertified,
  type ProviderProfile,
  providerProfile,
  type SignerLookup,
  signerOf,
} from './profile.ts';
export {
  type ProviderEntry,
  type ProviderHealth,
  ProviderRegistry,
  type RegistryOptions,
} from './registry.ts';
export {
  type ProviderFacts,
  type Recommendation,
  type Strategy,
  type StrategyDemand,
  suggestDeploymentStrategy,
  type SuggestedServer,
} from './suggest.ts';
