export { type AppliedFile, type AppliedTemplate, readApplied } from './applied.ts';
export { type ApplyOptions, type ApplyResult, type TemplateConflict, applyTemplate } from './apply.ts';
export { templateConfig } from './contribution.ts';
export { TemplateCatalogue, type TemplateRoots } from './catalogue.ts';
export { type CreateTemplateOptions, type RemoveResult, createTemplate, removeTemplate } from './manage.ts';
export {
  type Template,
  type TemplateCategory,
  type TemplateMetadata,
  type TemplateVariable,
  templateCategories,
} from './metadata.ts';
export { renderText } from './render.ts';
