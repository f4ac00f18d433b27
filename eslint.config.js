import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/**
 * The directions of shared/design: a package may import only from layers above its own. The layer and the package name
 * of each project are Nx tags in its package.json; a forbidden import fails lint.
 */
const directions = [
  { sourceTag: 'layer:contract', onlyDependOnLibsWithTags: ['layer:contract'] },
  { sourceTag: 'layer:domain', onlyDependOnLibsWithTags: ['layer:contract', 'layer:domain'] },
  {
    sourceTag: 'layer:service',
    onlyDependOnLibsWithTags: ['layer:contract', 'layer:domain', 'package:service-kit'],
  },
  { sourceTag: 'layer:app', onlyDependOnLibsWithTags: ['layer:contract', 'layer:domain'] },
  // The installer starts containers as the local provider does, with its client of the engines.
  {
    sourceTag: 'layer:deployment',
    onlyDependOnLibsWithTags: ['layer:contract', 'layer:domain', 'package:local'],
  },
  { sourceTag: 'layer:extension', onlyDependOnLibsWithTags: ['package:extensions-sdk'] },
  { sourceTag: 'layer:tool', onlyDependOnLibsWithTags: ['*'] },
];

export default tseslint.config(
  {
    ignores: [
      '**/dist',
      '**/node_modules',
      '**/coverage',
      '**/.cache',
      '.bench',
      '.nx',
      'docs/site',
      '**/*.d.ts',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strict,
  prettier,
  {
    files: ['**/*.ts', '**/*.js'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          allow: [],
          // Loading lazily is how heavy parts stay out of start-up; a package may be both imported and lazy-loaded.
          checkDynamicDependenciesExceptions: ['.*'],
          depConstraints: directions,
        },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.js'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly' },
    },
  },
  {
    files: ['packages/*/web/**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'document',
          'location',
          'fetch',
          'WebSocket',
          'addEventListener',
          'requestAnimationFrame',
          'setTimeout',
          'setInterval',
          'clearInterval',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['packages/*/examples/**'],
    rules: { 'no-console': 'off', '@nx/enforce-module-boundaries': 'off' },
  },
  { files: ['tools/**'], rules: { 'no-console': 'off', '@nx/enforce-module-boundaries': 'off' } },
  {
    files: ['**/*.test.ts', '**/*.fixture.ts', '**/testing/**', 'packages/*/test/**'],
    rules: { '@typescript-eslint/no-explicit-any': 'off', '@nx/enforce-module-boundaries': 'off' },
  },
);
