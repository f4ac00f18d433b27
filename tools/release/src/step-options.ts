const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** Options of all steps (11 §6). */
export const options = {
  registry: text,
  tag: text,
  provenance: flag,
  root: text,
  config: text,
  version: text,
  'release-type': text,
  line: text,
  draft: flag,
  prerelease: flag,
  'pre-release': flag,
  'asset-dir': text,
  'push-tag': flag,
  upload: flag,
  'auto-upload': flag,
  urgent: flag,
  'dry-run': flag,
  verbose: flag,
  'retry-count': text,
  'backoff-delay': text,
  core: text,
  platform: text,
  workspace: text,
  extensions: text,
  name: text,
  'lts-until': text,
  compatibility: text,
  'dist-dir': text,
  'output-dir': text,
  'test-types': text,
  cleanup: flag,
  'from-version': text,
  'to-version': text,
  'target-version': text,
  emergency: flag,
  'security-issue': flag,
  'notify-users': flag,
  'immediate-notify': flag,
  channels: text,
  'message-type': text,
  message: text,
  'main-job': flag,
  'allow-unsigned': flag,
} as const;

export type Values = {
  readonly [Name in keyof typeof options]?: (typeof options)[Name]['type'] extends 'string'
    ? string
    : boolean;
};

export interface StepContext {
  readonly values: Values;
  readonly target: string | undefined;
  readonly print: (line: string) => void;
  readonly say: (line: string) => void;
}
