export * from './anonymous.ts';
export * from './authenticator.ts';
export * from './impersonation.ts';
export * from './legacy-tokens.ts';
export * from './service-account-tokens.ts';
export * from './token-file.ts';
export * from './token-signer.ts';
export * from './x509.ts';
