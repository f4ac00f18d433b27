export { currentRequest } from './http/current-request.ts';
export { EnvelopeInterceptor, metadata, success } from './http/envelope.ts';
export { errorBody, ErrorFilter } from './http/errors.ts';
export {
  Answer,
  type ApiInput,
  type ApiRequest,
  type Identity,
  Input,
  localAdministrator,
} from './http/request.ts';
export { Endpoint, routeMetadata, type RouteSpec } from './http/route.ts';
export {
  canonicalPath,
  createHttpServer,
  type HttpServer,
  type HttpServerOptions,
  refuseForeignSite,
} from './http/server.ts';
export { requireMatch } from './http/etag.ts';
export { httpStatus } from './http/status.ts';
export { checkBody, checkQuery, type Finding, findings } from './http/validate.ts';
export { createLogger, type Logger } from './logging/logger.ts';
export { type DataFolder, takeDataFolder } from './process/data-folder.ts';
export { type RateClock, type RateLimit, RateLimiter, type RateState } from './http/rate-limit.ts';
export { tokenVerifier, type TokenVerifierOptions } from './http/token-verifier.ts';
export { type Authenticate, SecurityChain, type SecurityOptions } from './http/security.ts';
