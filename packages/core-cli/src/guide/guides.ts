/** A guide that comes with the program (24 §1). */
export interface Guide {
  readonly name: string;
  readonly aliases: readonly string[];
  /** File in `docs/guides/`. */
  readonly file: string;
  readonly title: string;
  readonly summary: string;
  readonly time: string;
}

export const guides: readonly Guide[] = [
  {
    name: 'quickstart',
    aliases: ['shortcuts', 'quick'],
    file: 'quickstart-cheatsheet.md',
    title: 'Cheat sheet',
    summary: 'All short forms and the everyday commands, to copy',
    time: '-',
  },
  {
    name: 'from-scratch',
    aliases: ['scratch', 'start', 'deploy'],
    file: 'from-scratch.md',
    title: 'From an empty machine to running services',
    summary: 'Install, describe, plan, deploy, look after',
    time: '30-60 min',
  },
  {
    name: 'update',
    aliases: ['upgrade'],
    file: 'update-infrastructure.md',
    title: 'Change what is running',
    summary: 'Plan a change, carry it out, repair drift, go back',
    time: '15-30 min',
  },
  {
    name: 'customize',
    aliases: ['custom', 'layers', 'templates'],
    file: 'customize-infrastructure.md',
    title: 'Make it yours',
    summary: 'Layers, environments, own taskservs and templates',
    time: '20-40 min',
  },
  {
    name: 'share',
    aliases: ['publish', 'extension'],
    file: 'share-extensions.md',
    title: 'Make an extension and share it',
    summary: 'Generate, check, publish, sign, install elsewhere, carry along',
    time: '10 min',
  },
  {
    name: 'system-setup',
    aliases: ['setup'],
    file: 'system-setup.md',
    title: 'Set up the program on a machine',
    summary: 'Folders, configuration, completion, the orchestrator',
    time: '5 min',
  },
];

/** The guide of that name or alias. */
export function findGuide(name: string): Guide | undefined {
  return guides.find((guide) => guide.name === name || guide.aliases.includes(name));
}
