export { allRoutes } from './api/routes/index.ts';
export { openApiDocument, publicPath } from './openapi/document.ts';
export { Settings } from './settings/settings.ts';
