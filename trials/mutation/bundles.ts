import { build, stop } from 'esbuild'
import type { Plugin } from 'esbuild'
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** A test file with everything of this project it uses, as one script. */
export type Bundle = {
  readonly file: string
  readonly code: string
  /** What the script asks `load` for. */
  readonly packages: readonly string[]
  /** Stands for every text of this project in it, as written. */
  readonly version: string
}

const root = join(import.meta.dirname, '../..')

/** The tests that judge: those of rules, in plain Node. What needs a folder or a process is not among them. */
const judges = [
  'test/rules/{authorization,clients,endpoints,http-signatures,objects,people,proof,resource,tokens}/**/*.test.ts',
  'test/rules/{certificate,distinguished-name}.test.ts',
]
const others = ['test/rules/people/lazy.test.ts']

/** Bundles every judging test with the mutated sources in place of the written ones. */
export async function bundleTests(
  sources: ReadonlyMap<string, string>,
): Promise<readonly Bundle[]> {
  const files = judges
    .flatMap((pattern) => globSync(pattern))
    .filter((file) => !others.includes(file))
  const bundles: Bundle[] = []
  for (const file of files.sort()) bundles.push(await bundleTest(file, sources))
  await stop()
  return bundles
}

async function bundleTest(file: string, sources: ReadonlyMap<string, string>): Promise<Bundle> {
  const packages = new Set<string>()
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [file],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2024',
    platform: 'neutral',
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
    logLevel: 'silent',
    plugins: [asked(packages), mutated(sources)],
  })
  const hash = createHash('sha256')
  for (const name of Object.keys(metafile.inputs).sort()) {
    if (!name.startsWith('package:')) hash.update(readFileSync(join(root, name)))
  }
  return {
    file,
    code: outputFiles[0]?.text ?? '',
    packages: [...packages],
    version: hash.digest('base64url'),
  }
}

/** What is not of this project stays outside: the script asks `load` for it, so that it is evaluated once. */
const asked = (packages: Set<string>): Plugin => ({
  name: 'asked',
  setup(builder) {
    builder.onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (kind === 'entry-point') return undefined
      packages.add(path)
      return { path, namespace: 'package' }
    })
    builder.onLoad({ filter: /.*/, namespace: 'package' }, ({ path }) => ({
      contents: `module.exports = load(${JSON.stringify(path)})`,
    }))
  },
})

const mutated = (sources: ReadonlyMap<string, string>): Plugin => ({
  name: 'mutated',
  setup(builder) {
    builder.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const contents = sources.get(relative(root, path))
      return contents === undefined ? undefined : { contents, loader: 'ts' }
    })
  },
})
