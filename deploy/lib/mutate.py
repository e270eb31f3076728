"""Puts faults into a copy of a module, all at once: each stands behind a number that the running test is told (SANMON_MUTANT_MODULE),
so that one build serves every fault.

  mutate.py prepare ROOT FOLDER MODULE FILE…    writes the copy below FOLDER, and FOLDER/MODULE.mutants
  mutate.py strike FOLDER LOG                   takes out the faults in lines that LOG, a compiler's output, complains of
  mutate.py run FOLDER MODULE BUNDLE FIRST ACCEPTED SECONDS JOBS SEED    runs the tests with one fault at a time

A fault is a comparison moved by one or turned around, == for !=, && for ||, + for -, a condition negated, a number one
larger, true for false, a statement left out.
"""

import concurrent.futures
import os
import random
import re
import subprocess
import sys
import time

SUPPORT = """import Glibc

/// Which fault is in force; 0: none.
enum Mutants {
  static let active: Int = getenv("SANMON_MUTANT_MODULE").flatMap { Int(String(cString: $0)) } ?? 0
  @inline(never) static func on(_ id: Int) -> Bool { active == id }
  static func negated(_ id: Int, _ value: Bool) -> Bool { on(id) ? !value : value }
  static func more<T: BinaryInteger>(_ id: Int, _ value: T) -> T { on(id) ? value + 1 : value }
}
"""

FLIPS = {"<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "==": ["!="], "!=": ["=="],
         "&&": ["||"], "||": ["&&"], "+": ["-"], "-": ["+"]}
PRECEDENCE = {"<": "Comparison", "<=": "Comparison", ">": "Comparison", ">=": "Comparison", "==": "Comparison",
              "!=": "Comparison", "&&": "LogicalConjunction", "||": "LogicalDisjunction", "+": "Addition", "-": "Addition"}


def operator(first, second, kind):
    """An operator of its own for each place: its numbers written in the characters an operator may have."""
    return "%" + "".join("^" if digit == "0" else "~" for digit in f"{first:b}") + "%" + ("&" if kind in "&&||" else "")


def declaration(name, kind, ids):
    chain = f"a {kind} b" if kind not in ("&&", "||") else f"try a {kind} b()"
    for mutant, flipped in ids:
        other = f"a {flipped} b" if kind not in ("&&", "||") else f"try a {flipped} b()"
        chain = f"Mutants.on({mutant}) ? ({other}) : ({chain})" if kind not in ("&&", "||") else \
            f"Mutants.on({mutant}) ? ({other}) : ({chain})"
    head = f"infix operator {name}: {PRECEDENCE[kind]}Precedence\n"
    if kind in ("&&", "||"):
        chain = chain.replace("try ", "")
        return head + f"func {name} (a: Bool, b: @autoclosure () throws -> Bool) rethrows -> Bool {{ try {chain} }}\n"
    if kind in ("==", "!="):
        return head + f"func {name} <T: Equatable>(a: T, b: T) -> Bool {{ {chain} }}\n"
    if kind in ("+", "-"):
        return head + f"func {name} <T: BinaryInteger>(a: T, b: T) -> T {{ {chain} }}\n"
    return head + f"func {name} <T: Comparable>(a: T, b: T) -> Bool {{ {chain} }}\n"


def code_only(line):
    """The line with strings and comments blanked, of the same length."""
    line = re.sub(r'"(?:\\.|[^"\\])*"', lambda match: '"' + " " * (len(match.group()) - 2) + '"', line)
    return re.sub(r"//.*", lambda match: " " * len(match.group()), line)


class Module:
    def __init__(self, module):
        self.module = module
        self.mutants = []  # (id, file, line, kind, text)
        self.operators = []

    def new(self, file, number, kind, text):
        self.mutants.append((len(self.mutants) + 1, file, number, kind, text.strip()))
        return len(self.mutants)

    def line(self, file, number, line, following):
        code = code_only(line)
        stripped = code.strip()
        if not stripped or stripped.startswith(("import", "public import", "package import", "@", "case let", "infix")):
            return line
        edits = []  # (start, end, text); none overlaps another
        for match in re.finditer(r"(?<= )(<=|>=|==|!=|&&|\|\||<|>|\+|-)(?= )", code):
            kind = match.group()
            if "func " in code or "nil" in code[match.end():match.end() + 5]:
                continue
            ids = [(self.new(file, number, f"{kind} is {flipped}", line), flipped) for flipped in FLIPS[kind]]
            name = operator(ids[0][0], 0, kind)
            self.operators.append(declaration(name, kind, ids))
            edits.append((match.start(), match.end(), name))
        if not re.match(r"\s*(case|@|public enum|enum)\b", code):
            for match in re.finditer(r"(?<![\w.$#\"])(\d[\d_]*)(?![\w.\"])", code):
                if "init?(rawValue" in code or "..." in code[max(0, match.start() - 3):match.end() + 3]:
                    continue
                mutant = self.new(file, number, f"{match.group(1)} is one more", line)
                edits.append((match.start(), match.end(), f"Mutants.more({mutant}, {match.group(1)})"))
        for match in re.finditer(r"(?<![\w.])(true|false)(?!\w)", code):
            mutant = self.new(file, number, f"not {match.group(1)}", line)
            edits.append((match.start(), match.end(), f"Mutants.negated({mutant}, {match.group(1)})"))
        edits += self.conditions(file, number, line, code)
        for start, end, text in sorted(edits, reverse=True):
            line = line[:start] + text + line[end:]
        return self.dropped(file, number, line, code, following)

    def conditions(self, file, number, line, code):
        """Each clause of `if` and `guard` on one line that is a condition and no binding."""
        match = re.match(r"\s*(?:\} else )?(?:if|guard) (.*?)(?: \{.*| else \{.*)$", code)
        if not match:
            return []
        edits, depth, begin = [], 0, match.start(1)
        text = code[match.start(1):match.end(1)] + ","
        for offset, character in enumerate(text):
            depth += (character in "([{") - (character in ")]}")
            if character == "," and depth == 0:
                end = match.start(1) + offset
                clause = code[begin:end].strip()
                if clause and not clause.startswith(("let ", "var ", "case ", "#", "_ ")):
                    start = begin + len(code[begin:end]) - len(code[begin:end].lstrip())
                    mutant = self.new(file, number, "condition negated", line)
                    edits.append((start, start, f"Mutants.negated({mutant}, "))
                    edits.append((end, end, ")"))
                begin = end + 1
        return edits

    def dropped(self, file, number, line, code, following):
        """`a = b`, `a += b`, `a.b(c)` as a whole line."""
        balanced = all(code.count(a) == code.count(b) for a, b in ("()", "[]", "{}"))
        whole = re.match(r"^\s+(?:self\.)?[a-z][\w.]*(?:\[[^\]]*\])? (?:=|\+=|-=|&\+=) \S", code) or \
            re.match(r"^\s+(?:try )?[a-z][\w.]*(?:\.[\w]+)*\(.*\)$", code.rstrip())
        keyword = re.match(r"^\s+(?:return|throw|case|default|if|guard|for|while|switch|super|self\.init|repeat|precondition)\b", code)
        # An initialiser has to set every property.
        if re.match(r"^\s+self\.(\w+) = ", code):
            return line
        if not whole or keyword or not balanced or re.match(r"^\s*[.?:&|+-]", following) or code.rstrip().endswith(("=", ",")):
            return line
        mutant = self.new(file, number, "left out", line)
        return f"if !Mutants.on({mutant}) {{ {line.strip()} }}"


def prepare(root, folder, module, files):
    made = Module(module)
    os.makedirs(folder, exist_ok=True)
    struck = set()
    if os.path.exists(folder + "/struck"):
        with open(folder + "/struck", encoding="utf-8") as text:
            struck = {tuple(line.split("\t")) for line in text.read().splitlines()}
    for base, _, names in os.walk(f"{root}/Sources/{module}"):
        for name in sorted(names):
            path = os.path.join(base, name)
            relative = os.path.relpath(path, root)
            with open(path, encoding="utf-8") as text:
                lines = text.read().split("\n")
            if any(relative == wanted or relative.startswith(wanted + "/") for wanted in files):
                block = False
                out = []
                for number, line in enumerate(lines, 1):
                    block ^= line.count('"""') % 2 == 1
                    following = lines[number] if number < len(lines) else ""
                    keep = block or '"""' in line or (relative, str(number)) in struck
                    out.append(line if keep else made.line(relative, number, line, following))
                lines = out
            target = os.path.join(folder, relative)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            write(target, "\n".join(lines))
    write(f"{folder}/Sources/{module}/Mutants.swift", SUPPORT.replace("_MODULE", "_" + module) + "".join(made.operators))
    write(f"{folder}/{module}.mutants", "".join("\t".join(map(str, mutant)) + "\n" for mutant in made.mutants))


def write(path, text):
    """Only what changed, so that a second build compiles little."""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as old:
            if old.read() == text:
                return
    with open(path, "w", encoding="utf-8") as new:
        new.write(text)


def strike(folder, log):
    with open(log, encoding="utf-8", errors="replace") as text:
        errors = set(re.findall(r"(Sources/[\w/+]+\.swift):(\d+):\d+: error: (.*)", text.read()))
    found = set()
    for file, line, message in errors:
        found.add((file, int(line)))
        # Said at the end of the scope, about an assignment somewhere in it.
        if "initializ" in message:
            found |= {(file, number) for number in range(max(1, int(line) - 20), int(line))}
    with open(folder + "/struck", "a", encoding="utf-8") as text:
        text.writelines(f"{file}\t{line}\n" for file, line in sorted(found))
    print(f"{len(found)} lines do not compile with their faults and keep none")
    return 0 if found else 1


def test(bundle, module, mutant, limit, suites=""):
    environment = dict(os.environ, **{"SANMON_MUTANT_" + module: str(mutant)}, SWIFT_BACKTRACE="enable=no", CI="true")
    try:
        command = [bundle, "--testing-library", "swift-testing", "--filter", f"^{module}Tests\\.({suites})"]
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=limit).returncode
    except subprocess.TimeoutExpired:
        return 124


def run(folder, module, bundle, first, excuses, seconds, jobs, seed):
    with open(f"{folder}/{module}.mutants", encoding="utf-8") as text:
        mutants = [line.split("\t") for line in text.read().splitlines()]
    accepted = {}
    with open(excuses, encoding="utf-8") as text:
        for line in text.read().splitlines():
            if line and not line.startswith("#"):
                file, kind, source, reason = line.split("\t")
                accepted[(file, kind, source)] = reason
    begin = time.monotonic()
    code = test(bundle, module, 0, 600)
    whole = time.monotonic() - begin
    if code != 0:
        print(f"the tests fail without any fault (exit code {code})")
        return 1
    excused = [mutant for mutant in mutants if (mutant[1], mutant[3], mutant[4]) in accepted]
    chosen = [mutant for mutant in mutants if mutant not in excused]
    random.Random(seed).shuffle(chosen)
    limit = max(20, whole * 6)
    killed, survived, skipped = 0, [], 0
    end = begin + seconds

    def one(mutant):
        if time.monotonic() > end:
            return None
        return test(bundle, module, mutant[0], limit, first) or test(bundle, module, mutant[0], limit)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for mutant, code in zip(chosen, pool.map(one, chosen)):
            if code is None:
                skipped += 1
            elif code == 0:
                survived.append(mutant)
            else:
                killed += 1
    for mutant in sorted(survived, key=lambda mutant: (mutant[1], int(mutant[2]))):
        print(f"survived {mutant[1]}:{mutant[2]}: {mutant[3]}: {mutant[4]}")
    print(f"{module}, seed {seed}: {len(mutants)} faults, {killed} noticed, {len(survived)} not, {len(excused)} accepted with a reason, "
          f"{skipped} not tried for want of time")
    return 1 if survived else 0


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "prepare":
        prepare(os.path.realpath(arguments[0]), os.path.realpath(arguments[1]), arguments[2], arguments[3:])
        return 0
    if command == "strike":
        return strike(*arguments)
    folder, module, bundle, first, excuses, seconds, jobs, seed = arguments
    return run(folder, module, bundle, first, excuses, float(seconds), int(jobs), int(seed))


sys.exit(main())
