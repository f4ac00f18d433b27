/**
 * Words one may ask help about that are no commands (24 §4), and the page that answers. A category or command of that
 * name comes first.
 */
export const documentTopics: Readonly<Record<string, string>> = {
  security: 'security/README',
  sec: 'security/README',
  auth: 'security/README',
  testing: 'testing/README',
  test: 'testing/README',
  setup: 'guides/system-setup',
  installer: 'how-to/install-and-upgrade',
  concepts: 'concepts/overview',
  concept: 'concepts/overview',
  glossary: 'glossary',
};

export function isDocumentTopic(word: string): boolean {
  return Object.hasOwn(documentTopics, word);
}
