import {
  type Provider,
  type ProviderContext,
  type ProviderInstance,
  ProvisioningError,
} from '@provisioning/extensions-sdk';
import type { ExtensionCatalogue } from '../extensions/discover.ts';
import { initialiseProvider, loadProvider, type LoadProviderOptions } from '../extensions/provider-loader.ts';
import type { ExtensionRecord } from '../extensions/record.ts';
import { declarationOf, importDeclaredProvider } from './declared.ts';
import { inside } from './output-guard.ts';

/** Seconds that importing or initialising a provider may take; both do no work of their own. */
const loadLimit = 20;

/**
 * The provider of an extension folder: its module, in a process of its own when it is not the product's, or its
 * declaration (06 §5.2, §6.6).
 */
export async function loadProviderModule(
  record: ExtensionRecord,
  catalogue: ExtensionCatalogue,
  options: LoadProviderOptions,
): Promise<Provider> {
  try {
    return await inside(async () => {
      const declaration = await declarationOf(record);
      const provider = await withinLimit(
        record.name,
        declaration === undefined
          ? loadProvider(record, options)
          : importDeclaredProvider(record, declaration, catalogue),
      );
      checkMetadata(record, provider);
      return provider;
    });
  } catch (error) {
    throw loadFailure(record.name, error);
  }
}

/** Initialises a provider and checks that it is whole. What goes wrong names the provider. */
export async function initialise(
  name: string,
  provider: Provider,
  context: ProviderContext,
): Promise<ProviderInstance> {
  checkInterface(name, provider, context);
  try {
    return await inside(() => withinLimit(name, initialiseProvider(name, provider, context)));
  } catch (error) {
    throw loadFailure(name, error);
  }
}

/** Who asks for the cloud's own program must hear that it would not be used (06 §4.1). */
function checkInterface(name: string, provider: Provider, { config }: ProviderContext): void {
  if (config['interface'] !== 'CLI' || provider.metadata().interface === 'CLI') return;
  const key = `providers.${name}.interface`;
  throw new ProvisioningError({
    code: 'PROVIDER_INTERFACE',
    kind: 'configuration',
    message: `${key}: provider '${name}' speaks to its API, never through a CLI`,
    hint: `Set ${key} = "API", or leave it out.`,
  });
}

/** Metadata are shown and decided upon: a provider without them is of no use. */
function checkMetadata(record: ExtensionRecord, provider: Provider): void {
  let finding: string | undefined;
  try {
    const metadata = provider.metadata();
    if (typeof metadata?.capabilities !== 'object' || metadata.capabilities === null)
      finding = 'metadata lack capabilities';
    else if (typeof metadata.category !== 'string') finding = 'metadata lack category';
  } catch (error) {
    finding = `metadata() throws: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (finding !== undefined) throw loadFailure(record.name, new Error(finding));
}

function loadFailure(name: string, error: unknown): ProvisioningError {
  // EXTENSION_FAILED is what a plain error of an isolated provider becomes on its way here.
  if (error instanceof ProvisioningError && error.code !== 'EXTENSION_FAILED') return error;
  return new ProvisioningError({
    code: 'PROVIDER_LOAD_FAILED',
    message: `Provider '${name}' does not load: ${error instanceof Error ? error.message : String(error)}`,
    hint: 'Other providers keep working. Update the provider, or report this to its author.',
    cause: error,
  });
}

async function withinLimit<T>(name: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hanging = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(loadFailure(name, new Error(`it is not ready after ${loadLimit} s`))),
      loadLimit * 1000,
    );
  });
  try {
    return await Promise.race([work, hanging]);
  } finally {
    clearTimeout(timer);
  }
}
