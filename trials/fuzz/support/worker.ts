import { parentPort, workerData } from 'node:worker_threads'
import type { ParserName } from '../parsers.ts'
import { runParser } from './run.ts'
import type { Wanted } from './run.ts'

/** One parser in a thread of its own: both cores work, and a fault of one ends no other. */
const { name, wanted } = workerData as { readonly name: ParserName; readonly wanted: Wanted }

await runParser(name, wanted, (outcome) => parentPort?.postMessage(outcome))
