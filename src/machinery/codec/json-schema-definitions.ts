const schemas = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** The messages of a JSON schema whose JSON is one of two things. */
export const jsonSchemaDefinitions = {
  props: `${schemas}.JSONSchemaProps`,
  orArray: `${schemas}.JSONSchemaPropsOrArray`,
  orBool: `${schemas}.JSONSchemaPropsOrBool`,
  orStringArray: `${schemas}.JSONSchemaPropsOrStringArray`,
} as const;
