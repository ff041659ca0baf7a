export * from './authn/index.ts';
export * from './authz/index.ts';
export { bodyMaxBytes } from './body.ts';
export * from './create-api-server.ts';
export { versionInfo } from './non-resource.ts';
export type { OpenApiDocuments } from './openapi.ts';
export { resolveRequestInfo } from './request-info.ts';
