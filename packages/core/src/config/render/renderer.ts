import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { runChild } from '../evaluate/child.ts';
import { findTool, kcl, nickel } from '../evaluate/tool.ts';
import { evaluateTypeScript } from '../evaluate/typescript.ts';
import { renderHandlebars } from '../handlebars.ts';
import { teraToHandlebars } from './tera.ts';

export const renderLanguages = ['handlebars', 'nickel', 'kcl', 'typescript', 'tera'] as const;
export type RenderLanguage = (typeof renderLanguages)[number];

const aliases: Readonly<Record<string, RenderLanguage>> = {
  hbs: 'handlebars',
  ncl: 'nickel',
  ts: 'typescript',
  k: 'kcl',
};

/** The language a name stands for; `undefined` when it is none. */
export function renderLanguage(name: string): RenderLanguage | undefined {
  return aliases[name] ?? renderLanguages.find((language) => language === name);
}

export interface RenderRequest {
  readonly language: RenderLanguage;
  readonly content: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly name?: string;
}

/** Evaluation errors are results, not failures (02 §16). */
export interface RenderResult {
  readonly rendered: string | null;
  readonly error: string | null;
  readonly language: RenderLanguage;
  readonly execution_time_ms: number;
}

export interface RendererOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly allowTypeScript?: boolean;
  /** Entries kept for each language. */
  readonly capacity?: number;
  /** Milliseconds for one render. */
  readonly timeout?: number;
}

/** Renders templates and small programs, with a cache for each language and counts of what it did. */
export class Renderer {
  readonly #options: RendererOptions;
  readonly #capacity: number;
  readonly #caches = new Map<RenderLanguage, Map<string, string>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #stats = emptyStats();

  constructor(options: RendererOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? 100;
  }

  async render(request: RenderRequest): Promise<RenderResult> {
    const { language } = request;
    const start = performance.now();
    const key = createHash('sha256')
      .update(`${language}\0${request.content}\0${canonical(request.context)}`)
      .digest('hex');
    const cache = this.#cacheOf(language);
    const known = cache.get(key);
    this.#stats.total++;
    this.#stats.byLanguage[language].renders++;
    if (known !== undefined) {
      cache.delete(key);
      cache.set(key, known);
      this.#stats.byLanguage[language].hits++;
      return this.#finish(language, known, null, performance.now() - start);
    }
    try {
      const rendered = await this.#fresh(request);
      cache.set(key, rendered);
      if (cache.size > this.#capacity) cache.delete(cache.keys().next().value!);
      return this.#finish(language, rendered, null, performance.now() - start);
    } catch (error) {
      if (!(error instanceof ProvisioningError) || error.kind === 'bug') throw error;
      const missing = error.code.endsWith('_NOT_FOUND');
      return this.#finish(language, null, error.message, missing ? 0 : performance.now() - start);
    }
  }

  /** Counts since the start or the last reset. */
  stats(): Record<string, number> {
    const { total, successful, failed, time, byLanguage } = this.#stats;
    return {
      total_renders: total,
      successful_renders: successful,
      failed_renders: failed,
      average_time_ms: total === 0 ? 0 : time / total,
      ...Object.fromEntries(
        renderLanguages.flatMap((language) => [
          [`${language}_renders`, byLanguage[language].renders],
          [`${language}_cache_hits`, byLanguage[language].hits],
        ]),
      ),
    };
  }

  reset(): void {
    this.#stats = emptyStats();
  }

  cache(): { readonly size: number; readonly capacity: number } {
    const size = [...this.#caches.values()].reduce((sum, cache) => sum + cache.size, 0);
    return { size, capacity: this.#capacity };
  }

  #cacheOf(language: RenderLanguage): Map<string, string> {
    let cache = this.#caches.get(language);
    if (cache === undefined) this.#caches.set(language, (cache = new Map()));
    return cache;
  }

  #finish(
    language: RenderLanguage,
    rendered: string | null,
    error: string | null,
    time: number,
  ): RenderResult {
    if (error === null) this.#stats.successful++;
    else this.#stats.failed++;
    this.#stats.time += time;
    return { rendered, error, language, execution_time_ms: Math.round(time) };
  }

  async #fresh(request: RenderRequest): Promise<string> {
    const { language, content, context, name } = request;
    if (language === 'handlebars') return renderHandlebars(content, context, name);
    if (language === 'tera') return renderHandlebars(teraToHandlebars(content), context, name);
    if (language === 'typescript' && this.#options.allowTypeScript !== true) {
      throw new ProvisioningError({
        code: 'RENDER_TYPESCRIPT_OFF',
        kind: 'configuration',
        message: 'TypeScript rendering is off; set render.allow_typescript = true',
      });
    }
    return this.#inChild(() => this.#program(language, content, context));
  }

  /** At most as many children as there are cores; further ones wait. */
  async #inChild<T>(work: () => Promise<T>): Promise<T> {
    while (this.#running >= availableParallelism())
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #program(
    language: RenderLanguage,
    content: string,
    context: Readonly<Record<string, unknown>>,
  ): Promise<string> {
    const { env } = this.#options;
    const folder = await mkdtemp(path.join(tmpdir(), 'render-'));
    try {
      const child = { cwd: folder, env, timeout: this.#options.timeout ?? 10_000 };
      if (language === 'typescript') {
        const file = path.join(folder, 'render.ts');
        await writeFile(file, content, { mode: 0o600 });
        const { value } = await evaluateTypeScript(file, {
          workspace: '',
          infra: '',
          environment: '',
          env: {},
          params: context,
        });
        return JSON.stringify(value, null, 2);
      }
      const tool = language === 'nickel' ? nickel : kcl;
      const binary = await findTool(tool, env);
      const file = path.join(folder, language === 'nickel' ? 'render.ncl' : 'render.k');
      const text =
        language === 'nickel' && Object.keys(context).length > 0
          ? `let ctx = ${nickelValue(context)} in\n${content}`
          : content;
      await writeFile(file, text, { mode: 0o600 });
      const parameters =
        language === 'nickel' ? ['export', file, '--format', 'json'] : ['run', file, ...kclOptions(context)];
      const result = await runChild(binary, parameters, { ...child, file: 'render' });
      if (result.code === 0) return result.stdout;
      throw new ProvisioningError({
        code: 'EVALUATION_FAILED',
        kind: 'configuration',
        message: `${tool.name} evaluation failed: ${result.stderr.split('\n').find((line) => line.trim() !== '') ?? 'no reason given'}`,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

interface Stats {
  total: number;
  successful: number;
  failed: number;
  time: number;
  readonly byLanguage: Readonly<Record<RenderLanguage, { renders: number; hits: number }>>;
}

function emptyStats(): Stats {
  const byLanguage = Object.fromEntries(
    renderLanguages.map((language) => [language, { renders: 0, hits: 0 }]),
  ) as Stats['byLanguage'];
  return { total: 0, successful: 0, failed: 0, time: 0, byLanguage };
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

function nickelValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(nickelValue).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value).replaceAll('%{', '\\u{25}{');
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)} = ${nickelValue(item)}`)
    .join(', ')}}`;
}

function kclOptions(context: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(context).flatMap(([key, value]) => [
    '-D',
    `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ]);
}
