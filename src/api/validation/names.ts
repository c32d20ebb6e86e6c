import { byteLength } from "./byte-length.ts";

/**
 * Judges of single texts: names, labels, keys. Each answers with what is wrong in upstream's words, in its order; an empty list
 * means the text is good. Lists are shared and must not be changed.
 */
export type Problems = readonly string[];

const none: Problems = Object.freeze([]);

const dns1123LabelPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const dns1035LabelPattern = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const dns1123SubdomainPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const dns1123UnderscorePattern = /^_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/;
const qualifiedNamePattern = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValuePattern = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const configKeyPattern = /^[-._a-zA-Z0-9]+$/;
const httpHeaderPattern = /^[-A-Za-z0-9]+$/;
const portNamePattern = /^[-a-z0-9]+$/;
const percentPattern = /^[0-9]+%$/;

const dns1123Label = regexText(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  dns1123LabelPattern,
  "my-name",
  "123-abc",
);
const dns1035Label = regexText(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  dns1035LabelPattern,
  "my-name",
  "abc-123",
);
const dns1123Subdomain = regexText(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  dns1123SubdomainPattern,
  "example.com",
);
const dns1123Underscore = regexText(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  dns1123UnderscorePattern,
  "example.com",
);
const qualifiedName = regexText(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  qualifiedNamePattern,
  "MyName",
  "my.name",
  "123-abc",
);
const labelValue = regexText(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  labelValuePattern,
  "MyValue",
  "my_value",
  "12345",
);

/** A rule, examples and the expression, as upstream's RegexError words it (two blanks before `or`). */
export function regexText(rule: string, pattern: RegExp, ...examples: readonly string[]): string {
  const source = pattern.source.replace(/^\^/, "").replace(/\$$/, "");
  return `${rule} (e.g. ${examples.map((example) => `'${example}'`).join(",  or ")}, regex used for validation is '${source}')`;
}

function tooManyCharacters(max: number): string {
  return `must be no more than ${max} characters`;
}

function tooManyBytes(max: number): string {
  return `must be no more than ${max} bytes`;
}

function judge(text: string, max: number, tooLong: string, pattern: RegExp, wrong: string): Problems {
  const long = text.length > max / 4 && byteLength(text) > max;
  if (pattern.test(text)) return long ? [tooLong] : none;
  return long ? [tooLong, wrong] : [wrong];
}

export function dns1123LabelProblems(text: string): Problems {
  if (text.length <= 63 && dns1123LabelPattern.test(text)) return none;
  // A subdomain that is no label has a dot too many.
  const wrong = dns1123SubdomainPattern.test(text) ? "must not contain dots" : dns1123Label;
  return judge(text, 63, tooManyCharacters(63), dns1123LabelPattern, wrong);
}

export function dns1123SubdomainProblems(text: string): Problems {
  return judge(text, 253, tooManyCharacters(253), dns1123SubdomainPattern, dns1123Subdomain);
}

/** As a subdomain, with its length counted in upstream's newer words. */
export function longNameProblems(text: string): Problems {
  return judge(text, 253, tooManyBytes(253), dns1123SubdomainPattern, dns1123Subdomain);
}

/** Versions of APIs and names of resources: a label that begins with a letter. */
export function dns1035LabelProblems(text: string): Problems {
  return judge(text, 63, tooManyCharacters(63), dns1035LabelPattern, dns1035Label);
}

/** Domains to search in, which may name services with underscores. */
export function dns1123SubdomainWithUnderscoreProblems(text: string): Problems {
  return judge(text, 253, tooManyCharacters(253), dns1123UnderscorePattern, dns1123Underscore);
}

export function labelValueProblems(text: string): Problems {
  return judge(text, 63, tooManyBytes(63), labelValuePattern, labelValue);
}

/** `name` or `prefix/name`: label keys, taint keys, resource names, conditions. */
export function qualifiedNameProblems(text: string): Problems {
  const slash = text.indexOf("/");
  if (slash < 0 && text.length <= 15 && qualifiedNamePattern.test(text)) return none;
  const problems: string[] = [];
  let name = text;
  if (slash >= 0) {
    if (text.indexOf("/", slash + 1) >= 0) {
      return [
        "a valid label key " +
          regexText(
            "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            qualifiedNamePattern,
            "MyName",
            "my.name",
            "123-abc",
          ) +
          " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
      ];
    }
    const prefix = text.slice(0, slash);
    name = text.slice(slash + 1);
    if (prefix === "") problems.push("prefix part must be non-empty");
    else for (const problem of longNameProblems(prefix)) problems.push(`prefix part ${problem}`);
  }
  if (name === "") problems.push("name part must be non-empty");
  else if (byteLength(name) > 63) problems.push(`name part ${tooManyBytes(63)}`);
  if (!qualifiedNamePattern.test(name)) problems.push(`name part ${qualifiedName}`);
  return problems.length === 0 ? none : problems;
}

/** `domain/path`: finalizers of certain kinds, controller names. */
export function domainPrefixedPathProblems(text: string): Problems {
  const slash = text.indexOf("/");
  if (slash < 1 || slash === text.length - 1) return ['must be a domain-prefixed path (such as "acme.io/foo")'];
  const problems = dns1123SubdomainProblems(text.slice(0, slash)).map((problem) => `prefix part ${problem}`);
  const path = text.slice(slash + 1);
  if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(path)) {
    problems.push(`path part ${regexText("Invalid path", /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/, "path")}`);
  }
  return problems;
}

/** Keys of ConfigMaps and Secrets. */
export function configKeyProblems(text: string): Problems {
  const problems: string[] = [];
  if (byteLength(text) > 253) problems.push(tooManyCharacters(253));
  if (!configKeyPattern.test(text)) {
    problems.push(regexText("a valid config key must consist of alphanumeric characters, '-', '_' or '.'", configKeyPattern, "key.name", "KEY_NAME", "key-name"));
  }
  for (const problem of relativeNameProblems(text)) problems.push(problem);
  return problems.length === 0 ? none : problems;
}

function relativeNameProblems(text: string): Problems {
  if (text === ".") return ["must not be '.'"];
  if (text === "..") return ["must not be '..'"];
  if (text.startsWith("..")) return ["must not start with '..'"];
  return none;
}

export function httpHeaderNameProblems(text: string): Problems {
  return httpHeaderPattern.test(text)
    ? none
    : [regexText("a valid HTTP header must consist of alphanumeric characters or '-'", httpHeaderPattern, "X-Header-Name")];
}

/** The name of a container port, also as a target port: an IANA service name. */
export function portNameProblems(text: string): Problems {
  const problems: string[] = [];
  if (byteLength(text) > 15) problems.push(tooManyCharacters(15));
  if (!portNamePattern.test(text)) problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(text)) problems.push("must contain at least one letter (a-z)");
  if (text.includes("--")) problems.push("must not contain consecutive hyphens");
  if (text !== "" && (text.startsWith("-") || text.endsWith("-"))) problems.push("must not begin or end with a hyphen");
  return problems.length === 0 ? none : problems;
}

/** Names of environment variables: every printable ASCII character but `=`. */
export function envVarNameProblems(text: string): Problems {
  return /^[ -<>-~]+$/.test(text) ? none : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function percentProblems(text: string): Problems {
  return percentPattern.test(text)
    ? none
    : [regexText("a valid percent string must be a numeric string followed by an ending '%'", percentPattern, "1%", "93%")];
}

/** Names that become one element of a URL path (RBAC objects and others whose names are free). */
export function pathSegmentNameProblems(name: string, prefix: boolean): Problems {
  if (!prefix) {
    if (name === ".") return ['may not be "."'];
    if (name === "..") return ['may not be ".."'];
  }
  const problems: string[] = [];
  if (name.includes("/")) problems.push("may not contain '/'");
  if (name.includes("%")) problems.push("may not contain '%'");
  return problems;
}

/** A generateName is judged as if a suffix stood behind its last hyphen. */
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith("-") ? name.slice(0, -2) + "a" : name;
}

/** Judges of object names, for `nameErrors` of a declaration. */
export function dnsSubdomainName(name: string, prefix: boolean): string[] {
  return [...dns1123SubdomainProblems(prefix ? maskTrailingDash(name) : name)];
}

export function dnsLabelName(name: string, prefix: boolean): string[] {
  return [...dns1123LabelProblems(prefix ? maskTrailingDash(name) : name)];
}
