import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pemBlocks } from '../src/machinery/pem.ts';
import { CliError, exitCodes } from './exit-codes.ts';

const bytesMax = 1024 * 1024;

/**
 * Reads the authorities of the file that a flag names: all certificates in it, each as PEM. Other PEM blocks and what stands
 * between the blocks do not count, as with kube-apiserver's --client-ca-file.
 * @param flag for the message of a mistake: `--client-ca`
 * @throws CliError (exit code 6) for a file that cannot be read, holds no certificate, or one that cannot be parsed
 */
export function readClientCa(flag: string, file: string): readonly string[] {
  const blocks = [...pemBlocks(readText(flag, file))].filter(({ type, hasHeaders }) => type === 'CERTIFICATE' && !hasHeaders);
  if (blocks.length === 0) throw invalid(flag, file, 'it holds no certificate', 'give a file of PEM blocks that begin with -----BEGIN CERTIFICATE-----');
  return blocks.map(({ bytes }, index) => {
    try {
      return new X509Certificate(bytes).toString();
    } catch {
      throw invalid(flag, file, `certificate ${index + 1} of ${blocks.length} cannot be parsed`, 'look at it with: openssl x509 -text -noout -in FILE');
    }
  });
}

function readText(flag: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(flag, file, (error as Error).message, 'give the path of a PEM file that can be read');
  }
  if (text.length > bytesMax) throw invalid(flag, file, 'more than 1 MiB is no list of authorities', 'leave out the authorities that no client is signed by');
  return text;
}

function invalid(flag: string, file: string, why: string, hint: string): CliError {
  return new CliError(exitCodes.invalidConfig, 'CONFIG_INVALID', `${flag} ${file}: ${why}`, hint);
}
