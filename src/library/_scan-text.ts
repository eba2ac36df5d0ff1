/** The rules about text. Each is a pattern over a block, whose time is proportional to the block: every repetition in it has a bound. */
import {
  type Block,
  type BlockFinding,
  LineCounter,
  type PatternRule,
  patternFindings,
  rewritten,
} from '#library/_scan-block'
import { hiddenFindings } from '#library/_scan-hidden'
import { linkFindings } from '#library/_scan-links'
import { secretFindings } from '#library/_scan-secrets'
import { fileKindOf } from '#library/file-kind'

export function* blockFindings(block: Block): Generator<BlockFinding, void, undefined> {
  yield* hiddenFindings(block)
  yield* secretFindings(block)
  yield* linkFindings(block)
  const folded = rewritten(block, foldedText)
  yield* patternFindings(folded, phrases)
  if (fileKindOf(block.path) === 'markdown') {
    yield* patternFindings(block, markup)
    yield* commentFindings(folded)
  }
  if (fileKindOf(block.path) === 'svg') yield* patternFindings(block, activeSvg)
}

/** What orders a program about that reads it. */
const phrases: readonly PatternRule[] = [
  {
    rule: 'injection/override',
    severity: 'high',
    pattern:
      /\b(?:ignore|disregard|forget|override|bypass)\s{1,20}(?:(?:all|any|the|your|of|every|these|those)\s{1,20}){0,4}(?:previous|prior|above|earlier|preceding|foregoing|existing|original|system|safety)\s{1,20}(?:\w{1,20}\s{1,20}){0,2}(?:instruction|prompt|rule|message|context|direction|guideline|command|polic)/gi,
  },
  {
    rule: 'injection/override',
    severity: 'high',
    pattern:
      /\b(?:forget|ignore|disregard)\s{1,20}(?:everything|anything|all\s{1,20}(?:that|of\s{1,20}it))\s{1,20}(?:\w{1,20}\s{1,20}){0,4}(?:above|before|previously|were\s{1,20}told|been\s{1,20}told)\b/gi,
  },
  {
    rule: 'injection/conceal',
    severity: 'high',
    pattern:
      /\b(?:do\s{1,20}not|don['’]t|never|without)\s{1,20}(?:\w{1,20}\s{1,20}){0,2}(?:tell|telling|inform|informing|mention|mentioning|reveal|revealing|notify|notifying|alert|alerting|ask|asking|show|showing)\s{1,20}(?:(?:this|it|that|anything)\s{1,20}){0,2}(?:to\s{1,20})?(?:the\s{1,20})?(?:user|human|operator|developer)s?\b/gi,
  },
  {
    rule: 'injection/role',
    severity: 'medium',
    pattern:
      /\byou\s{1,20}are\s{1,20}now\s{1,20}(?:in\s{1,20})?(?:\w{1,20}\s{1,20}){0,3}(?:unrestricted|jailbroken|DAN|developer\s{1,20}mode|god\s{1,20}mode|root|no\s{1,20}longer\s{1,20}bound)/gi,
  },
  {
    rule: 'injection/prompt-leak',
    severity: 'medium',
    pattern:
      /\b(?:reveal|print|output|repeat|show|send|leak)\s{1,20}(?:me\s{1,20})?(?:your|the)\s{1,20}(?:\w{1,20}\s{1,20}){0,2}(?:system\s{1,20}prompt|hidden\s{1,20}(?:prompt|instructions)|initial\s{1,20}instructions)/gi,
  },
  {
    rule: 'injection/chat-token',
    severity: 'medium',
    pattern:
      /<\|(?:im_start|im_end|system|user|assistant|endoftext|begin_of_text|start_header_id|eot_id)\|>|<<SYS>>|\[\/?INST\]|<\/?(?:system-reminder|function_calls|antml:[a-z_]{1,30})>/gi,
  },
  {
    rule: 'injection/exfiltrate',
    severity: 'high',
    pattern:
      /\b(?:send|post|upload|exfiltrate|transmit|forward|leak)\b[^.\n]{0,80}\b(?:api[ _-]?keys?|tokens?|passwords?|secrets?|credentials?|private\s{1,5}keys?|ssh\s{1,5}keys?|environment\s{1,5}variables?|\.env)\b[^.\n]{0,80}\b(?:to|at)\s{1,5}(?:https?:|[\w-]{1,63}\.[a-z]{2,24}\/)/gi,
  },
  {
    rule: 'injection/persist',
    severity: 'medium',
    pattern:
      /\b(?:add|append|write|save|insert)\s{1,20}(?:this|these|the\s{1,20}following)\s{1,20}(?:\w{1,20}\s{1,20}){0,4}(?:to|in|into)\s{1,20}(?:your|the)\s{1,20}(?:\w{1,20}\s{1,20}){0,2}(?:system\s{1,20}prompt|long-term\s{1,20}memory|memory\s{1,20}file)/gi,
  },
  {
    rule: 'injection/encoded-shell',
    severity: 'high',
    pattern:
      /\bbase64\s{1,5}(?:-d|-D|--decode)\b[^\n]{0,80}\|\s{0,5}(?:sudo\s{1,5})?(?:ba|z|da)?sh\b|\beval\s{0,5}["'(]?\$\((?:curl|wget|echo[^\n)]{0,200}base64)/g,
  },
  {
    rule: 'injection/pipe-to-shell',
    severity: 'medium',
    pattern:
      /\b(?:curl|wget)\b[^\n|]{0,200}\|\s{0,5}(?:sudo\s{1,5}(?:-\w{1,5}\s{1,5}){0,3})?(?:(?:ba|z|da|fi)?sh|python3?|node|perl|ruby)\b|\b(?:iwr|irm|invoke-webrequest|invoke-restmethod)\b[^\n|]{0,200}\|\s{0,5}iex\b/gi,
  },
  {
    rule: 'injection/reads-keys',
    severity: 'medium',
    pattern:
      /\b(?:cat|type|less|more|head|base64|xxd|scp|cp|tar|zip)\b[^\n]{0,60}(?:~|\$HOME|%USERPROFILE%)[\\/](?:\.ssh[\\/](?!.{0,20}\.pub\b)|\.aws[\\/]credentials|\.netrc|\.npmrc|\.kube[\\/]config|\.gnupg)/gi,
  },
]

const markup: readonly PatternRule[] = [
  {
    rule: 'html/active',
    severity: 'medium',
    pattern:
      /<\s{0,5}(?:script|iframe|object|embed|applet|base|meta\s{1,5}http-equiv)\b|<[a-z][^<>]{0,500}\son[a-z]{3,30}\s{0,5}=/gi,
  },
  {
    rule: 'hidden/html',
    severity: 'medium',
    pattern:
      /<[a-z][^<>]{0,300}\bstyle\s{0,5}=\s{0,5}["'][^"'<>]{0,300}(?:display\s{0,5}:\s{0,5}none|visibility\s{0,5}:\s{0,5}hidden|font-size\s{0,5}:\s{0,5}0|opacity\s{0,5}:\s{0,5}0(?![.\d])|color\s{0,5}:\s{0,5}(?:white|transparent|#fff(?:fff)?)\b)/gi,
  },
]

const activeSvg: readonly PatternRule[] = [
  {
    rule: 'svg/active',
    severity: 'high',
    pattern:
      /<\s{0,5}(?:[\w-]{1,20}:)?(?:script|foreignObject|iframe|handler|set|animate)\b|\son[a-z]{3,30}\s{0,5}=|<!ENTITY|(?:xlink:)?href\s{0,5}=\s{0,5}["']\s{0,20}(?!#|data:image\/(?:png|jpeg|gif|webp))[^"'\s]/gi,
  },
]

/** HTML comments, and link definitions that are used as such: `[//]: # (text)`. */
const comments =
  /<!--([\s\S]{0,8192}?)-->|^\[(?:\/\/|comment|#)\]:[ \t]{0,5}(?:#|<>)[ \t]{0,5}["'(]([^\n]{0,2000})$/gim
const addressed =
  /\b(?:AI|LLM|agent|assistant|claude|chatgpt|gpt|copilot|cursor|gemini|model|bot)s?\b[^.]{0,80}\b(?:must|should|shall|always|never|ignore|run|execute|install|send|read|fetch|open|delete|follow)\b/i

/** People who look at the page see nothing of these. */
function* commentFindings({ text, known }: Block): Generator<BlockFinding, void, undefined> {
  const lines = new LineCounter(text)
  for (const match of text.matchAll(comments)) {
    if (match.index + match[0].length <= known) continue
    const inside = match[1] ?? match[2] ?? ''
    const found = { line: lines.before(match.index), excerpt: match[0] }
    const orders = phrases.some(({ pattern }) => inside.search(pattern) >= 0)
    if (orders) yield { ...found, rule: 'comment/instruction', severity: 'critical' }
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

/** As a reader who obeys would take it: without what cannot be seen, look-alikes as what they look like, line ends where they were. */
export function foldedText(text: string): string {
  if (!/[^\0-\x7f]/.test(text)) return text // nearly always
  return text
    .normalize('NFKC')
    .replaceAll(/\p{Cf}|\p{Default_Ignorable_Code_Point}/gu, '')
    .replaceAll(/[\u0370-\u052f]/g, (char) => latinOf.get(char) ?? char)
}
