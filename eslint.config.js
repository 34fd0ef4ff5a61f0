import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.wrangler/**', '.fapi-edge/**'] },
  ...tseslint.configs.recommended,
  ...tseslint.configs.stylistic,
  {
    rules: {
      '@typescript-eslint/consistent-type-definitions': ['error', 'type'],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'separate-type-imports' },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      eqeqeq: 'error',
      'no-console': ['error', { allow: ['log', 'error'] }],
      'no-control-regex': 'error',
    },
  },
  {
    // The Worker uses WebCrypto only, and jose is imported in one place.
    files: ['src/**'],
    rules: {
      'no-restricted-imports': ['error', { patterns: ['node:*', 'jose/*'], paths: ['jose'] }],
      'no-console': 'off',
    },
  },
  { files: ['src/tokens/jwt.ts', 'src/tokens/jwe.ts'], rules: { 'no-restricted-imports': 'off' } },
)
