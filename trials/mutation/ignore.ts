/** As much of Babel's syntax tree as is looked at. */
type Node = {
  readonly type: string
  readonly name?: string
  readonly callee?: Node
  readonly property?: Node
  readonly arguments?: readonly Node[]
  readonly id?: Node | null
}

type NodePath = {
  readonly node: Node
  readonly parentPath?: NodePath | null
  readonly getFunctionParent?: () => NodePath | null
}

/** From which argument on a function takes nothing but words for a person or the log. */
const wordsFrom: Readonly<Record<string, number>> = {
  refuse: 1,
  refuseAs: 2,
  refused: 0,
  invalid: 0,
  bad: 0,
  problem: 0,
  Error: 0,
  OutboundFault: 0,
  // The names of storage calls in a trace.
  object: 0,
}

/** A check that says in words what is wrong, and nothing when all is well. */
const saysWhatIsWrong = /^(problemWith[A-Z]\w*|wrongType|checkOutboundUrl|authenticateCertificate)$/

/**
 * Leaves alone what is no behaviour: the words of a refusal and of its log detail, those of an exception
 * nobody outside reads, and the names of storage calls. Codes, status and every text that a program
 * compares stay. Gives the reason, as Stryker wants it.
 */
export function shouldIgnore(given: unknown): string | undefined {
  const path = given as NodePath
  const { node } = path
  if (node.type !== 'StringLiteral' && node.type !== 'TemplateLiteral') return undefined
  const parent = path.parentPath
  const { callee, arguments: values } = parent?.node ?? {}
  if (callee !== undefined && values !== undefined) {
    const name = callee.property?.name ?? callee.name ?? ''
    const from = Object.hasOwn(wordsFrom, name) ? wordsFrom[name] : undefined
    return from !== undefined && values.indexOf(node) >= from ? 'words' : undefined
  }
  return isAnswerOfCheck(path) ? 'words' : undefined
}

/** What such a check returns, at once or by a condition. */
function isAnswerOfCheck(path: NodePath): boolean {
  let parent = path.parentPath
  while (parent?.node.type === 'ConditionalExpression' || parent?.node.type === 'LogicalExpression')
    parent = parent.parentPath
  if (parent?.node.type !== 'ReturnStatement') return false
  const name = parent.getFunctionParent?.()?.node.id?.name ?? ''
  return saysWhatIsWrong.test(name)
}
