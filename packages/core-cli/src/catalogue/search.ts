import type { CommandMetadata } from '../frame/metadata.ts';
import type { Catalogue } from '../command-catalogue.ts';

/** Metadata of the commands that help shows and that pass. */
export async function searchCommands(
  catalogue: Catalogue,
  passes: (metadata: CommandMetadata) => boolean,
): Promise<CommandMetadata[]> {
  const found: CommandMetadata[] = [];
  for (const [id, { hidden }] of catalogue.commands) {
    if (hidden) continue;
    const { metadata } = await catalogue.details(id);
    if (passes(metadata)) found.push(metadata);
  }
  return found;
}
