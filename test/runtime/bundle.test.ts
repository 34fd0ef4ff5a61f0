// @vitest-environment node
import { build } from 'esbuild'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

it('bundles for production without anything of demo/', async () => {
  const toml = readFileSync(join(root, 'wrangler.toml'), 'utf8')
  const entry = /^main\s*=\s*"([^"]+)"/m.exec(toml)?.[1] ?? ''
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    external: ['cloudflare:*'],
    conditions: ['workerd', 'worker', 'browser'],
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
  })
  const inputs = Object.keys(metafile.inputs)
  expect(inputs).toContain(entry)
  expect(
    inputs.filter((name) => /(^|\/)(demo|test)\//.test(name) && !name.includes('node_modules')),
  ).toEqual([])
  const text = outputFiles[0]?.text ?? ''
  for (const word of [
    'CONTROL_TOKEN',
    'x-fapi-edge-control',
    'OUTBOUND_ALLOWED',
    'server-timing',
  ]) {
    expect(text.includes(word), word).toBe(false)
  }
})
