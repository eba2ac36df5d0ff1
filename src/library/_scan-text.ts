/** The rules about text, and the three ways in which it is read: as it stands, as a browser takes it, as somebody takes it who cannot see what is hidden. */
import {
  type Block,
  type BlockFinding,
  LineCounter,
  type PatternRule,
  RuleSet,
  rewritten,
} from '#library/_scan-block'
import { hiddenFindings } from '#library/_scan-hidden'
import { linkRules, withoutEntities } from '#library/_scan-links'
import { secretRules } from '#library/_scan-secrets'
import { fileKindOf } from '#library/file-kind'

/** What orders a program about that reads it. */
const phrases: readonly PatternRule[] = [
  {
    rule: 'injection/override',
    severity: 'high',
    starts: ['ignore', 'disregard', 'forget', 'override', 'bypass'],
    pattern:
      /\b(?:ignore|disregard|forget|override|bypass)\s{1,20}(?:(?:all|any|the|your|of|every|these|those)\s{1,20}){0,4}(?:previous|prior|above|earlier|preceding|foregoing|existing|original|system|safety)\s{1,20}(?:\w{1,20}\s{1,20}){0,2}(?:instruction|prompt|rule|message|context|direction|guideline|command|polic)/iy,
  },
  {
    rule: 'injection/override',
    severity: 'high',
    starts: ['ignore', 'disregard', 'forget'],
    pattern:
      /\b(?:forget|ignore|disregard)\s{1,20}(?:everything|anything|all\s{1,20}(?:that|of\s{1,20}it))\s{1,20}(?:\w{1,20}\s{1,20}){0,4}(?:above|before|previously|were\s{1,20}told|been\s{1,20}told)\b/iy,
  },
  {
    rule: 'injection/conceal',
    severity: 'high',
    starts: ['do ', 'do\n', 'do\t', 'don', 'never', 'without'],
    pattern:
      /\b(?:do\s{1,20}not|don['’]t|never|without)\s{1,20}(?:\w{1,20}\s{1,20}){0,2}(?:tell|telling|inform|informing|mention|mentioning|reveal|revealing|notify|notifying|alert|alerting|ask|asking|show|showing)\s{1,20}(?:(?:this|it|that|anything)\s{1,20}){0,2}(?:to\s{1,20})?(?:the\s{1,20})?(?:user|human|operator|developer)s?\b/iy,
  },
  {
    rule: 'injection/role',
    severity: 'medium',
    starts: ['you'],
    pattern:
      /\byou\s{1,20}are\s{1,20}now\s{1,20}(?:in\s{1,20})?(?:\w{1,20}\s{1,20}){0,3}(?:unrestricted|jailbroken|DAN|developer\s{1,20}mode|god\s{1,20}mode|root|no\s{1,20}longer\s{1,20}bound)/iy,
  },
  {
    rule: 'injection/prompt-leak',
    severity: 'medium',
    starts: ['reveal', 'print', 'output', 'repeat', 'show', 'send', 'leak'],
    pattern:
      /\b(?:reveal|print|output|repeat|show|send|leak)\s{1,20}(?:me\s{1,20})?(?:your|the)\s{1,20}(?:\w{1,20}\s{1,20}){0,2}(?:system\s{1,20}prompt|hidden\s{1,20}(?:prompt|instructions)|initial\s{1,20}instructions)/iy,
  },
  {
    rule: 'injection/chat-token',
    severity: 'medium',
    starts: [
      '<|',
      '<<sys',
      '[inst',
      '[/inst',
      '<system-',
      '</system-',
      '<function_',
      '</function_',
      '<antml',
      '</antml',
    ],
    pattern:
      /<\|(?:im_start|im_end|system|user|assistant|endoftext|begin_of_text|start_header_id|eot_id)\|>|<<SYS>>|\[\/?INST\]|<\/?(?:system-reminder|function_calls|antml:[a-z_]{1,30})>/iy,
  },
  {
    rule: 'injection/exfiltrate',
    severity: 'high',
    starts: ['send', 'post', 'upload', 'exfiltrate', 'transmit', 'forward', 'leak'],
    pattern:
      /\b(?:send|post|upload|exfiltrate|transmit|forward|leak)\b[^.\n]{0,80}\b(?:api[ _-]?keys?|tokens?|passwords?|secrets?|credentials?|private\s{1,5}keys?|ssh\s{1,5}keys?|environment\s{1,5}variables?|\.env)\b[^.\n]{0,80}\b(?:to|at)\s{1,5}(?:https?:|[\w-]{1,63}\.[a-z]{2,24}\/)/iy,
  },
  {
    rule: 'injection/persist',
    severity: 'medium',
    starts: ['add', 'append', 'write', 'save', 'insert'],
    pattern:
      /\b(?:add|append|write|save|insert)\s{1,20}(?:this|these|the\s{1,20}following)\s{1,20}(?:\w{1,20}\s{1,20}){0,4}(?:to|in|into)\s{1,20}(?:your|the)\s{1,20}(?:\w{1,20}\s{1,20}){0,2}(?:system\s{1,20}prompt|long-term\s{1,20}memory|memory\s{1,20}file)/iy,
  },
  {
    rule: 'injection/encoded-shell',
    severity: 'high',
    starts: ['base64', 'eval'],
    pattern:
      /\bbase64\s{1,5}(?:-d|-D|--decode)\b[^\n]{0,80}\|\s{0,5}(?:sudo\s{1,5})?(?:ba|z|da)?sh\b|\beval\s{0,5}["'(]?\$\((?:curl|wget|echo[^\n)]{0,200}base64)/y,
  },
  {
    rule: 'injection/pipe-to-shell',
    severity: 'medium',
    starts: ['curl', 'wget', 'iwr', 'irm', 'invoke-'],
    pattern:
      /\b(?:curl|wget)\b[^\n|]{0,200}\|\s{0,5}(?:sudo\s{1,5}(?:-\w{1,5}\s{1,5}){0,3})?(?:(?:ba|z|da|fi)?sh|python3?|node|perl|ruby)\b|\b(?:iwr|irm|invoke-webrequest|invoke-restmethod)\b[^\n|]{0,200}\|\s{0,5}iex\b/iy,
  },
  {
    rule: 'injection/reads-keys',
    severity: 'medium',
    starts: ['cat', 'type', 'less', 'more', 'head', 'base64', 'xxd', 'scp', 'cp', 'tar', 'zip'],
    pattern:
      /\b(?:cat|type|less|more|head|base64|xxd|scp|cp|tar|zip)\b[^\n]{0,60}(?:~|\$HOME|%USERPROFILE%)[\\/](?:\.ssh[\\/](?!.{0,20}\.pub\b)|\.aws[\\/]credentials|\.netrc|\.npmrc|\.kube[\\/]config|\.gnupg)/iy,
  },
]

const markup: readonly PatternRule[] = [
  {
    rule: 'html/active',
    kind: 'markdown',
    severity: 'medium',
    starts: ['<'],
    pattern:
      /<\s{0,5}(?:script|iframe|object|embed|applet|base|meta\s{1,5}http-equiv)\b|<[a-z][^<>]{0,500}\son[a-z]{3,30}\s{0,5}=/iy,
  },
  {
    rule: 'hidden/html',
    kind: 'markdown',
    severity: 'medium',
    starts: ['<'],
    pattern:
      /<[a-z][^<>]{0,300}\bstyle\s{0,5}=\s{0,5}["'][^"'<>]{0,300}(?:display\s{0,5}:\s{0,5}none|visibility\s{0,5}:\s{0,5}hidden|font-size\s{0,5}:\s{0,5}0|opacity\s{0,5}:\s{0,5}0(?![.\d])|color\s{0,5}:\s{0,5}(?:white|transparent|#fff(?:fff)?)\b)/iy,
  },
]

const activeSvg: readonly PatternRule[] = [
  {
    rule: 'svg/active',
    kind: 'svg',
    severity: 'high',
    pattern:
      /<\s{0,5}(?:[\w-]{1,20}:)?(?:script|foreignObject|iframe|handler|set|animate)\b|\son[a-z]{3,30}\s{0,5}=|<!ENTITY|(?:xlink:)?href\s{0,5}=\s{0,5}["']\s{0,20}(?!#|data:image\/(?:png|jpeg|gif|webp))[^"'\s]/gi,
  },
]

const phraseSet = new RuleSet(phrases)
const plainSet = new RuleSet([...secretRules, ...markup, ...activeSvg])
const linkSet = new RuleSet(linkRules)
/** Nearly all text reads the same in every way: one pass is enough. */
const wholeSet = new RuleSet([...secretRules, ...markup, ...activeSvg, ...linkRules, ...phrases])

export function* blockFindings(block: Block): Generator<BlockFinding, void, undefined> {
  yield* hiddenFindings(block)
  const decoded = rewritten(block, withoutEntities)
  const folded = rewritten(block, foldedText)
  if (decoded === block && folded === block) yield* wholeSet.find(block)
  else {
    yield* plainSet.find(block)
    yield* linkSet.find(decoded)
    yield* phraseSet.find(folded)
  }
  if (fileKindOf(block.path) === 'markdown') yield* commentFindings(folded)
}

/** Link definitions that are used as comments: `[//]: # (text)`. */
const definitions = /^\[(?:\/\/|comment|#)\]:[ \t]{0,5}(?:#|<>)[ \t]{0,5}["'(]([^\n]{0,2000})$/gim
const addressed =
  /\b(?:AI|LLM|agent|assistant|claude|chatgpt|gpt|copilot|cursor|gemini|model|bot)s?\b[^.]{0,80}\b(?:must|should|shall|always|never|ignore|run|execute|install|send|read|fetch|open|delete|follow)\b/i

interface Comment {
  readonly at: number
  readonly end: number
  readonly inside: string
}

function* commentsIn(text: string): Generator<Comment, void, undefined> {
  for (const match of text.matchAll(definitions)) {
    const end = match.index + match[0].length
    yield { at: match.index, end, inside: match[1] ?? '' }
  }
  for (let at = text.indexOf('<!--'); at >= 0; ) {
    const end = text.indexOf('-->', at + 4)
    if (end < 0) return
    yield { at, end: end + 3, inside: text.slice(at + 4, end) }
    at = text.indexOf('<!--', end + 3)
  }
}

/** People who look at the page see nothing of these. */
function* commentFindings({ text, known }: Block): Generator<BlockFinding, void, undefined> {
  const comments = [...commentsIn(text)].sort((one, other) => one.at - other.at)
  const lines = new LineCounter(text)
  for (const { at, end, inside } of comments) {
    if (end <= known) continue
    const found = { line: lines.before(at), excerpt: text.slice(at, Math.min(end, at + 200)) }
    if (phraseSet.isIn(inside))
      yield { ...found, rule: 'comment/instruction', severity: 'critical' }
    else if (addressed.test(inside))
      yield { ...found, rule: 'comment/instruction', severity: 'high' }
    else yield { ...found, rule: 'comment/html', severity: 'info' }
  }
}

/** Letters that look like Latin ones: Cyrillic and Greek, in this order. */
const lookalikes = 'авекмнорстухіјѕԁһӏАВЕКМНОРСТУХІЈЅαενοριυκτΑΒΕΖΗΙΚΜΝΟΡΤΥΧ'
const latin = 'abekmhopctyxijsdhlABEKMHOPCTYXIJSaevopiuktABEZHIKMNOPTYX'
const latinOf: ReadonlyMap<string, string> = new Map(
  Array.from(lookalikes, (char, index) => [char, latin[index] ?? char]),
)

/** Signs that are letters, only larger, wider, or in a circle. */
const compatible =
  /[\uff01-\uff5e\u{1d400}-\u{1d7ff}\u2100-\u214f\u249c-\u24e9\u{1f110}-\u{1f189}\ufb00-\ufb06]/gu
/** What cannot be seen, where it is not part of an emoji. */
const unseen =
  /(?:\p{Cf}|\p{Default_Ignorable_Code_Point})(?<!(?:\p{Extended_Pictographic}|\ufe0f|\u{1f3fb}|\u{1f3fc}|\u{1f3fd}|\u{1f3fe}|\u{1f3ff}).)/gsu

/** As a reader who obeys would take it: without what cannot be seen, look-alikes as what they look like, line ends where they were. */
function foldedText(text: string): string {
  if (!/[^\0-\x7f]/.test(text)) return text // nearly always
  return text
    .replaceAll(compatible, (char) => char.normalize('NFKC'))
    .replaceAll(unseen, '')
    .replaceAll(/[\u0370-\u052f]/g, (char) => latinOf.get(char) ?? char)
}
