import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '../..');

/** Sources of the packages and tools with the files each imports, types included. */
async function importsOfFiles(): Promise<ReadonlyMap<string, readonly string[]>> {
  const graph = new Map<string, readonly string[]>();
  const pattern = ['packages/**/src/**/*.ts', 'tools/**/*.ts'];
  const exclude = (name: string) => /(^|\/)(node_modules|dist)$|\.test\.ts$/.test(name);
  for await (const file of glob(pattern, { cwd: root, exclude })) {
    const { importedFiles } = ts.preProcessFile(readFileSync(path.join(root, file), 'utf8'));
    const own = importedFiles.filter(({ fileName }) => fileName.startsWith('.'));
    graph.set(
      file,
      own.map(({ fileName }) => path.join(path.dirname(file), fileName)),
    );
  }
  return graph;
}

/** Each way round that a walk through the imports finds, as `a → b → a`. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (file: string): void => {
    const start = trail.indexOf(file);
    if (start !== -1) found.push([...trail.slice(start), file].join(' → '));
    if (start !== -1 || done.has(file)) return;
    trail.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    trail.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return found;
}

test('no file imports itself by way of others', async () => {
  const graph = await importsOfFiles();
  expect(graph.size).toBeGreaterThan(1000);
  expect(circles(graph)).toEqual([]);
  expect(circles(new Map(Object.entries({ a: ['b'], b: ['c'], c: ['b'] })))).toEqual(['b → c → b']);
});
