export * from './duplicate-keys.ts';
export * from './encode-protobuf.ts';
export * from './go-json.ts';
export * from './json.ts';
export * from './protobuf.ts';
export * from './to-yaml.ts';
export * from './yaml.ts';
