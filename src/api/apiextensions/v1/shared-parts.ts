import type { CustomResourceDefinitionVersion } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';

const sharable = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const;

type Parts = Partial<Pick<CustomResourceDefinitionVersion, (typeof sharable)[number]>>;

/** What all versions of a definition have alike, and the names of these parts. */
export interface SharedParts {
  readonly parts: Parts;
  readonly names: ReadonlySet<string>;
}

/**
 * What is alike in all versions. Upstream keeps it once, in the spec itself, and so its messages speak of `spec.validation` where there is one
 * version (apiextensions/v1 Convert_v1_CustomResourceDefinitionSpec_To_apiextensions_CustomResourceDefinitionSpec).
 */
export function sharedParts([first, ...others]: readonly CustomResourceDefinitionVersion[]): SharedParts {
  const names = sharable.filter((part) => first && others.every((one) => samePart(one[part], first[part])));
  return { parts: Object.fromEntries(names.map((part) => [part, first?.[part]])), names: new Set(names) };
}

/** A part that holds nothing is there all the same. */
function samePart(a: unknown, b: unknown): boolean {
  return (a === undefined) === (b === undefined) && semanticEqual(a, b);
}
