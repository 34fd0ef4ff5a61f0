import type { Severity } from '../catalogue.ts'
import type { Result } from '../run.ts'

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  H: 'error',
  M: 'warning',
  W: 'note',
}

/** Scores that code scanning sorts by, as CVSS has them. */
const scores: Readonly<Record<Severity, string>> = { H: '8.0', M: '5.0', W: '2.0' }

const schema =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'

/**
 * A run as SARIF 2.1.0: scenarios are rules, and what is broken is a result. A broken fixture or an error is
 * a notification of the tool: it says nothing of the server.
 */
export function sarifReport(results: readonly Result[], issuer: string): object {
  return {
    $schema: schema,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'fapi-edge attack',
            informationUri: 'https://openid.net/specs/fapi-attacker-model-2_0-final.html',
            rules: results.map(ruleOf),
          },
        },
        invocations: [
          {
            executionSuccessful: results.every(({ outcome }) => !isOurs(outcome)),
            toolExecutionNotifications: results
              .filter(({ outcome }) => isOurs(outcome))
              .map(({ id, outcome, reason }) => ({
                level: 'error',
                message: { text: `${id}: ${outcome}: ${reason}` },
                associatedRule: { id },
              })),
          },
        ],
        results: results.flatMap((result, ruleIndex) =>
          result.outcome === 'broken' ? [resultOf(result, ruleIndex, issuer)] : [],
        ),
      },
    ],
  }
}

const isOurs = (outcome: Result['outcome']): boolean =>
  outcome === 'fixture broken' || outcome === 'error'

const ruleOf = ({ id, title, severity, clauses, attacker }: Result) => ({
  id,
  shortDescription: { text: title },
  fullDescription: { text: `${title} (${clauses.join(', ')})` },
  defaultConfiguration: { level: levels[severity] },
  properties: { tags: ['security', attacker], 'security-severity': scores[severity] },
})

function resultOf(result: Result, ruleIndex: number, issuer: string) {
  const { id, severity, title, reason, steps } = result
  const bad = steps.filter(({ kind, finding }) => kind !== 'twin' && !finding.good)
  return {
    ruleId: id,
    ruleIndex,
    level: levels[severity],
    message: { text: `${title}: ${reason}` },
    locations: [{ physicalLocation: { artifactLocation: { uri: issuer } } }],
    partialFingerprints: { scenario: id },
    properties: {
      steps: bad.map(({ part, what, finding }) => `${part}, ${what}: ${finding.saw}`),
    },
  }
}
