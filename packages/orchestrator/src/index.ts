export { allRoutes } from './api/routes/index.ts';
export { openApiDocument, publicPath } from './openapi/document.ts';
