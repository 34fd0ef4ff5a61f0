import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  all,
  discardBody,
  mostBodyBytes,
  one,
  parseForm,
  readBody,
  readForm,
  readQuery,
  words,
} from '../../../src/authorization/parameters.ts'
import { codeOf, valueOf } from '../support/issuer.ts'
import { anyText, holds } from '../support/property.ts'

const form = 'application/x-www-form-urlencoded'
const url = 'https://as.bank.example/par'

const post = (body: BodyInit, headers: Record<string, string> = { 'content-type': form }) =>
  new Request(url, { method: 'POST', body, headers })

/** A body that arrives in pieces and announces no length. */
const streamed = (...chunks: readonly Uint8Array[]) =>
  new Request(url, {
    method: 'POST',
    headers: { 'content-type': form },
    body: new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk)
        controller.close()
      },
    }),
    duplex: 'half',
  } as RequestInit)

/** Control characters but tab and line breaks. */
const unprintable = /[^\P{Cc}\t\n\r\u0080-\u009f]/u

const entries = (text: string) => Object.fromEntries(valueOf(parseForm(text)))

describe('parseForm', () => {
  it('reads names and values, plus signs and percent-encoding', () => {
    expect(entries('a=1&b=x+y%20z&c%3D=%26%C3%A4%E2%82%AC%F0%9F%98%80')).toEqual({
      a: ['1'],
      b: ['x y z'],
      'c=': ['&ä€😀'],
    })
  })

  it('splits at the first equals sign only', () => {
    expect(entries('a=b=c==&d')).toEqual({ a: ['b=c=='] })
  })

  it('RFC 6749 3.1 takes a parameter without a value for omitted', () => {
    expect(entries('a=&b&c=1&&')).toEqual({ c: ['1'] })
    expect(entries('')).toEqual({})
  })

  it.each(['a=1&a=1', 'a=1&a=2', 'a=1&a=', 'a=&a=1', 'a&a', 'a=1&%61=2', 'a+b=1&a%20b=2'])(
    'ATK-A1-28 refuses the repeated parameter in %s',
    (text) => {
      expect(codeOf(parseForm(text))).toBe('invalid_request')
    },
  )

  it('RFC 8707 2 takes a repeated resource, in order', () => {
    expect(entries('resource=b&x=1&resource=a&resource=')).toEqual({
      resource: ['b', 'a'],
      x: ['1'],
    })
    expect(codeOf(parseForm('resources=a&resources=b'))).toBe('invalid_request')
  })

  it('tells names apart by case', () => {
    expect(entries('scope=a&Scope=b')).toEqual({ scope: ['a'], Scope: ['b'] })
  })

  it.each([
    ['a lone percent sign', 'a=%'],
    ['half an octet', 'a=%4'],
    ['no hexadecimal digits', 'a=%zz'],
    ['a UTF-16 escape', 'a=%u0041'],
    ['a lone continuation octet', 'a=%80'],
    ['an overlong slash', 'a=%C0%AF'],
    ['an overlong NUL', 'a=%C0%80'],
    ['a surrogate in UTF-8', 'a=%ED%A0%80'],
    ['a cut sequence', 'a=%E2%82'],
    ['Latin-1', 'a=%E4'],
    ['a name that does not decode', '%FF=a'],
  ])('refuses %s', (_what, text) => {
    expect(codeOf(parseForm(text))).toBe('invalid_request')
  })

  it.each(['%00', '%01', '%08', '%0B', '%0C', '%0E', '%1B', '%1F', '%7F', '\u0000'])(
    'ATK-A1-23 refuses the control character %j in a value and in a name',
    (control) => {
      expect(codeOf(parseForm(`a=x${control}`))).toBe('invalid_request')
      expect(codeOf(parseForm(`a${control}=x`))).toBe('invalid_request')
    },
  )

  it('takes 128 parameters and refuses one more', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `p${i}=1`).join('&')
    expect(valueOf(parseForm(many(128))).size).toBe(128)
    expect(codeOf(parseForm(many(129)))).toBe('invalid_request')
    expect(codeOf(parseForm('resource=a&'.repeat(129)))).toBe('invalid_request')
  })

  it('ATK-A1-34 takes __proto__ and constructor for names like any other', () => {
    const parameters = valueOf(parseForm('__proto__=1&constructor=2'))
    expect(one(parameters, '__proto__')).toBe('1')
    expect(one(valueOf(parseForm('')), 'constructor')).toBeUndefined()
  })

  it('never throws, and never gives an empty, repeated or unprintable value', () => {
    const pieces = fc.array(fc.constantFrom('a', 'b', '=', '&', '%', '%41', '%C3', '+', 'resource=', '%00', 'é')) // prettier-ignore
    holds(
      fc.property(
        fc.oneof(
          anyText(),
          pieces.map((list) => list.join('')),
        ),
        (text) => {
          const answer = parseForm(text)
          if (!answer.ok) return answer.refusal.code === 'invalid_request'
          return [...answer.value].every(
            ([name, values]) =>
              values.length > 0 &&
              (values.length === 1 || name === 'resource') &&
              values.every((value) => value !== '' && !unprintable.test(value)),
          )
        },
      ),
      300,
    )
  })

  it('gives back what URLSearchParams wrote', () => {
    const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
    const printable = value.filter((text) => text.isWellFormed() && !/\p{Cc}/u.test(text))
    holds(
      fc.property(fc.uniqueArray(fc.tuple(printable, printable), { selector: ([name]) => name, maxLength: 20 }), (pairs) => {
        const parameters = valueOf(parseForm(new URLSearchParams(pairs).toString()))
        return pairs.every(([name, text]) => one(parameters, name) === text)
      }),
    ) // prettier-ignore
  })
})

describe('a parameter without a value', () => {
  it('RFC 6749 3.1 is omitted, and counts as sent', () => {
    expect(valueOf(parseForm('state&scope=')).size).toBe(0)
    for (const text of ['state&state=1', 'state=1&state', 'state=&state='])
      expect(codeOf(parseForm(text))).toBe('invalid_request')
    expect([...valueOf(parseForm('=x&sta=te'))]).toEqual([['', ['x']], ['sta', ['te']]]) // prettier-ignore
  })
})

describe('one, all and words', () => {
  const parameters = valueOf(parseForm('a=x++y+x&resource=1&resource=2'))

  it('read a single value, every value, and each word once', () => {
    expect(one(parameters, 'a')).toBe('x  y x')
    expect(words(parameters, 'a')).toEqual(['x', 'y'])
    expect(all(parameters, 'resource')).toEqual(['1', '2'])
  })

  it('give nothing for what was not sent', () => {
    expect(one(parameters, 'b')).toBeUndefined()
    expect(words(parameters, 'b')).toEqual([])
    expect(all(parameters, 'b')).toEqual([])
  })
})

describe('readForm', () => {
  it.each([form, `${form};charset=UTF-8`, 'Application/X-WWW-Form-Urlencoded ; charset="utf-8"'])(
    'reads a body of type %s',
    async (type) => {
      const parameters = valueOf(await readForm(post('a=1', { 'content-type': type })))
      expect(one(parameters, 'a')).toBe('1')
    },
  )

  it.each(['application/json', 'multipart/form-data; boundary=x', 'text/plain', '', `x${form}`, `${form}x`, `${form}, ${form}`])(
    'ATK-A1-29 refuses a body of type %j',
    async (type) => {
      expect(codeOf(await readForm(post('a=1', { 'content-type': type })))).toBe('invalid_request')
    },
  ) // prettier-ignore

  it('ATK-A1-29 refuses parameters in the query of a POST', async () => {
    const request = new Request(`${url}?client_id=a`, {
      method: 'POST',
      body: 'b=1',
      headers: { 'content-type': form },
    })
    expect(codeOf(await readForm(request))).toBe('invalid_request')
  })

  it('reads an empty body as no parameters', async () => {
    const request = new Request(url, { method: 'POST', headers: { 'content-type': form } })
    expect(valueOf(await readForm(request)).size).toBe(0)
  })
})

describe('readBody', () => {
  it('SP-PAR-05 takes 64 KiB and refuses one byte more', async () => {
    expect(valueOf(await readBody(post('a'.repeat(mostBodyBytes))))).toHaveLength(65_536)
    expect(codeOf(await readBody(post('a'.repeat(mostBodyBytes + 1))))).toBe('payload_too_large')
  })

  it('SP-PAR-05 counts bytes, not characters', async () => {
    expect(codeOf(await readBody(post('é'.repeat(mostBodyBytes / 2 + 1))))).toBe(
      'payload_too_large',
    )
  })

  it('SP-PAR-05 refuses a body that announces its size, before it is read', async () => {
    const request = streamed()
    request.headers.set('content-length', String(mostBodyBytes + 1))
    expect(codeOf(await readBody(request))).toBe('payload_too_large')
    expect(request.bodyUsed).toBe(false)
    const fits = streamed(Uint8Array.of(97))
    fits.headers.set('content-length', String(mostBodyBytes))
    expect(valueOf(await readBody(fits))).toBe('a')
    const most = streamed(new Uint8Array(mostBodyBytes).fill(97))
    most.headers.set('content-length', String(mostBodyBytes))
    expect(valueOf(await readBody(most))).toHaveLength(mostBodyBytes)
  })

  it('SP-PAR-05 refuses a longer stream that announces no size', async () => {
    const chunk = new Uint8Array(40_000).fill(97)
    expect(codeOf(await readBody(streamed(chunk, chunk)))).toBe('payload_too_large')
    expect(valueOf(await readBody(streamed(chunk)))).toHaveLength(40_000)
  })

  it('SP-PAR-05 refuses a stream that is longer than it announced', async () => {
    const chunk = new Uint8Array(40_000).fill(97)
    const request = (...chunks: readonly Uint8Array<ArrayBuffer>[]) => {
      const made = streamed(...chunks)
      made.headers.set('content-length', '40000')
      return made
    }
    expect(codeOf(await readBody(request(chunk, chunk)))).toBe('payload_too_large')
    expect(valueOf(await readBody(request(chunk)))).toHaveLength(40_000)
  })

  it('keeps a byte order mark, which is part of what was sent', async () => {
    const text = await readBody(streamed(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)))
    expect(valueOf(text)).toBe('\ufeffa')
  })

  it('reads a character that arrives in two pieces', async () => {
    const text = await readBody(streamed(Uint8Array.of(0xe2, 0x82), Uint8Array.of(0xac)))
    expect(valueOf(text)).toBe('€')
  })

  it.each([
    ['a cut character', [0xe2, 0x82]],
    ['Latin-1', [0x61, 0xe4, 0x61]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
  ])('refuses %s', async (_what, octets) => {
    expect(codeOf(await readBody(streamed(Uint8Array.from(octets))))).toBe('invalid_request')
    const announced = streamed(Uint8Array.from(octets))
    announced.headers.set('content-length', String(octets.length))
    expect(codeOf(await readBody(announced))).toBe('invalid_request')
  })
})

describe('discardBody', () => {
  it('takes what is left of a refused body, and stops at a megabyte', async () => {
    let sent = 0
    const endless = new ReadableStream({
      pull: (controller) => {
        sent += 65_536
        controller.enqueue(new Uint8Array(65_536))
      },
    })
    const request = new Request(url, {
      method: 'POST',
      body: endless,
      duplex: 'half',
    } as RequestInit)
    expect(codeOf(await readBody(request))).toBe('payload_too_large')
    await discardBody(request)
    expect(request.body?.locked).toBe(false)
    expect(sent).toBeGreaterThanOrEqual(1_048_576)
    expect(sent).toBeLessThan(2_000_000)
  })

  it('never fails: no body, a read one, a broken one', async () => {
    await discardBody(new Request(url))
    const read = post('a=1')
    await readBody(read)
    await discardBody(read)
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) })
    await discardBody(
      new Request(url, { method: 'POST', body: broken, duplex: 'half' } as RequestInit),
    )
    expect(read.bodyUsed).toBe(true)
  })
})

describe('readQuery', () => {
  it('reads the query of a GET under the same rules', () => {
    expect(one(valueOf(readQuery(new Request(`${url}?a=x%20y`))), 'a')).toBe('x y')
    expect(codeOf(readQuery(new Request(`${url}?a=1&a=2`)))).toBe('invalid_request')
    expect(codeOf(readQuery(new Request(`${url}?a=%ff`)))).toBe('invalid_request')
    expect(valueOf(readQuery(new Request(url))).size).toBe(0)
  })
})
