import type { WayBack } from '../errors.ts'
import { Layout, Name } from './layout.tsx'
import type { Frame } from './layout.tsx'
import { Choices, PostForm } from './parts.tsx'

/**
 * Posts an authorization response to the client (OAuth 2.0 Form Post Response Mode 2). Its script presses
 * the button; without JavaScript the person does.
 *
 * @example <PostResponsePage {...frame} back={{ href: redirectUri, clientName, post: { response } }} />
 */
export function PostResponsePage(
  props: Frame & { readonly back: WayBack & { readonly post: NonNullable<WayBack['post']> } },
) {
  const { words, back } = props
  const { wayBack } = words
  const client = <Name words={words}>{back.clientName}</Name>
  return (
    <Layout {...props} title={wayBack.title} script={props.postScript}>
      <h1>{wayBack.heading(client)}</h1>
      <p class="lead">{wayBack.press}</p>
      <PostForm id="response" action={back.href} fields={back.post}>
        <Choices>
          <button class="primary" id="continue">
            <span>{wayBack.go}</span>
          </button>
        </Choices>
      </PostForm>
    </Layout>
  )
}
