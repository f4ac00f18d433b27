export { type ConfigCipher, isSops, looksEncrypted, shouldBeEncrypted } from './cipher.ts';
export {
  type KeyFile,
  ageCipher,
  ageKeyFiles,
  ageKeyPlaces,
  ageKeyVariable,
  ageRecipients,
  defaultCiphers,
  encryptAge,
  hasAgeIdentity,
  sopsCipher,
  testAgeKey,
} from './ciphers/index.ts';
export { codeFrame, positionAt } from './code-frame.ts';
export { Configuration, type Provenance, secretMask, secretName } from './configuration.ts';
export { ambiguous, definitionEndings, mainFile } from './definition-formats.ts';
export { type Data, type Document, type Format, type KeyPath, formatOf, parseDocument } from './document.ts';
export {
  type EncryptResult,
  type EncryptedFile,
  decryptFile,
  encryptFile,
  openEncrypted,
  plainName,
  saveEncrypted,
} from './edit/encrypted.ts';
export { changedMeanwhile, replaceConfigurationFile } from './edit/replace.ts';
export { type Scope, type SetOptions, type SetResult, scopeFile, setConfigurationKey } from './edit/set.ts';
export { removeTomlKey, setTomlKey } from './edit/toml-edit.ts';
export {
  type DetectedEnvironment,
  availableEnvironments,
  canonicalEnvironment,
  detectEnvironment,
} from './environment.ts';
export { evaluateFile } from './evaluate/evaluate.ts';
export { editorSchemas, namedSchemas, schemaPage } from './export-schemas.ts';
export { renderHandlebars } from './handlebars.ts';
export {
  type HierarchyLayer,
  configurationHierarchy,
  configurationSources,
  exportLines,
  interpolatedValues,
  shownConfiguration,
} from './inspect.ts';
export { SecretReference } from './interpolation/secret-reference.ts';
export { type LayerFile, type LayerId, environmentFiles, layerFiles, layerOrder } from './layers.ts';
export { type LoadOptions, loadConfiguration } from './load.ts';
export { deepFreeze, isRecord, keyPath, mergeData, nest, unsetMark, valueAt } from './merge.ts';
export { type Mode, configuredMode, modes } from './mode.ts';
export { findTool, kcl, nickel } from './evaluate/tool.ts';
export { decodeText, readDocument } from './read.ts';
export {
  type Surroundings,
  type UserDirectories,
  expandHome,
  processSurroundings,
  userDirectories,
} from './surroundings.ts';
export { checkDialect, parseDialect } from './validation/dialect.ts';
export { dialectAsJsonSchema, knownServices, serviceSchema } from './validation/service-schema.ts';
export { type ServiceFileChange, serviceFileChange, writeServiceFile } from './edit/service-file.ts';
export { shippedSchemas } from './validation/shipped-schemas.ts';
export { installerFindings } from './validation/installer.ts';
export {
  type ValidationItem,
  type ValidationReport as ConfigurationReport,
  reportLines,
  validateFile,
  validateWorkspaceConfiguration,
} from './validation/validate.ts';
export {
  type RenderLanguage,
  type RenderRequest,
  type RenderResult,
  Renderer,
  renderLanguage,
  renderLanguages,
} from './render/renderer.ts';
export { backupConfiguration, restoreConfiguration } from './maintenance/backup.ts';
export { type ExportFormat, exportText, textOf, writeServiceFiles } from './maintenance/export.ts';
export { type ResetResult, resetConfiguration } from './maintenance/reset.ts';
export { type ConfiguredSection, configuredSections } from './maintenance/sections.ts';
export { userConfigFile, userTemplate, writeNewFile } from './maintenance/template.ts';
export { type FileVersion, configurationVersions } from './maintenance/versions.ts';
export {
  type ConfigMigrationPlan,
  type ConfigMigrationResult,
  diagnoseKey,
  migrateConfiguration,
  variableNameOf,
} from './maintenance/migrate.ts';
export {
  type PathReport,
  analyzeProjectStructure,
  joinPaths,
  normalizePath,
  requireConfigPath,
  resolveConfigPath,
  resolveWorkspacePaths,
  validatePaths,
} from './paths/library.ts';
export { variableKeys } from './variables.ts';
