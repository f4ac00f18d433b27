/** A guide taken apart: its steps, and the commands in them. */
export interface GuideDocument {
  readonly body: string;
  readonly sections: readonly { readonly title: string; readonly text: string }[];
}

/** Splits a guide at its second-level headings; the front matter is left out. */
export function parseGuide(text: string): GuideDocument {
  const body = text.replace(/^---\n[\s\S]*?\n---\n+/, '');
  const sections = body.split(/^(?=## )/m).filter((part) => part.startsWith('## '));
  return {
    body,
    sections: sections.map((part) => ({ title: part.slice(3, part.indexOf('\n')).trim(), text: part })),
  };
}

/** The section of that number (from 1) or whose title contains the words. */
export function findSection(
  document: GuideDocument,
  wanted: string,
): { readonly title: string; readonly text: string } | undefined {
  const number = Number(wanted);
  if (Number.isInteger(number)) return document.sections[number - 1];
  return document.sections.find(({ title }) => title.toLowerCase().includes(wanted.toLowerCase()));
}

/** Commands of a text, from its blocks marked `bash` or `sh`; joined lines stay joined. */
export function commandsOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```(?:bash|sh)\n([\s\S]*?)^```/gm)].map((match) => match[1]!);
  return blocks.flatMap((block) =>
    block
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line.trim() !== '' && !line.trim().startsWith('#')),
  );
}

/** Fills `{{infra}}` and the like; what nothing sets reads `<infra>`, so that the text stays ready to copy (S:57608). */
export function fillPlaceholders(text: string, values: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(/\{\{([a-z_]+)\}\}/g, (_, name: string) => values[name] ?? `<${name}>`);
}
