/** `npm run mutation [-- --only PATH … --anew]`: which changes of the deciding code no test would notice. */
import { parseArgs } from 'node:util'
import { judge } from './judge.ts'
import { judgedFolders } from './mutants.ts'
import { listAlive, table } from './report.ts'
import { explain } from './survivors.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    anew: { type: 'boolean', default: false },
  },
})
const verdicts = await judge(values.only ?? judgedFolders, {
  anew: values.anew,
  tell: (line) => console.error(line),
})
const survivors = explain(verdicts)
console.log(listAlive(survivors))
console.log(`\n${table(verdicts)}`)
const sound = survivors.stale.length === 0 && survivors.alive.every(({ why }) => why !== undefined)
process.exitCode = sound && verdicts.length > 0 ? 0 : 1
