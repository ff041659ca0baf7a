import { pathToFileURL } from 'node:url';
import type { DescribedImage } from '../src/runtime/index.ts';
import type { Program } from '../src/shell/index.ts';
import type { ConfiguredImage } from './cli/config-images.ts';
import { CliError, exitCodes } from './exit-codes.ts';

/** Loads the program of an image whose description names a module. Rejects with CliError. */
export async function withProgram({ module, ...image }: ConfiguredImage): Promise<DescribedImage> {
  if (module === undefined) return image;
  const failed = (why: string) => new CliError(exitCodes.invalidConfig, 'CONFIG_INVALID', `image ${image.name}: ${module}: ${why}`);
  const loaded: { readonly default?: unknown } = await import(pathToFileURL(module).href).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_UNKNOWN_FILE_EXTENSION')
      throw failed(`Node.js ${process.versions.node} runs no TypeScript: use Node.js 22.18 or newer, or JavaScript (.mjs)`);
    throw failed(error.message);
  });
  if (typeof loaded.default !== 'function' || loaded.default.constructor.name !== 'GeneratorFunction')
    throw failed('its default export is no generator function: write "export default function* (process) { ... }"');
  return { ...image, program: loaded.default as Program };
}
