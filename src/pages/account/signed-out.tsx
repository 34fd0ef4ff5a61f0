import { Layout } from '../layout.tsx'
import type { Frame } from '../layout.tsx'
import { Choices } from '../parts.tsx'

/** After signing out: says so, and offers the way back in. */
export function SignedOutPage(props: Frame & { readonly again: string }) {
  const { words, again } = props
  return (
    <Layout {...props} title={words.account.signedOut.title}>
      <h1>{words.account.signedOut.title}</h1>
      <p class="lead">{words.account.signedOut.lead}</p>
      <Choices>
        <a class="button primary" id="again" href={again}>
          {words.account.signedOut.again}
        </a>
      </Choices>
    </Layout>
  )
}
