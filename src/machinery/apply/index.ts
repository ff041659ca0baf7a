export { type ApplyAs, describeKind, describeObject, FieldManager, type FieldManagerOptions, isReset, type WriteAs } from './field-manager.ts';
export { emptySet, type FieldSet, hasPath, type PathPattern, setOf, union } from './field-set.ts';
export { type FieldType, type FieldTypes, fieldTypes } from './field-type.ts';
export { sameButTimes } from './managed-fields.ts';
export { scaleManagers } from './scale-managers.ts';
export type { VersionedType } from './updater.ts';
