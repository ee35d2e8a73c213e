# Writes `crates/providers/src/prices/table.txt` from the facts in the Python package `genai-prices`.
#
# `cargo xtask prices` runs it. It keeps what a chat's usage can be priced by: tokens and requests.
# Searches, hours, pages, pixels and the tiers of service that a request can ask for are left out.

import re
import sys
from decimal import ROUND_HALF_UP, Decimal
from importlib.metadata import version

from genai_prices.data import providers
from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseRegex,
    ClauseStartsWith,
    ConditionalPrice,
    StartDateConstraint,
    TieredPrices,
)

SELLERS = (
    'openai azure anthropic google aws openrouter groq mistral deepseek x-ai together fireworks '
    'cohere perplexity cerebras moonshotai minimax zai'
).split()

# One letter per class, in the order in which they are written.
CLASSES = {
    'input_mtok': 'i',
    'cache_read_mtok': 'r',
    'cache_write_mtok': 'w',
    'cache_write_1h_mtok': 'W',
    'input_audio_mtok': 'a',
    'output_mtok': 'o',
    'output_reasoning_mtok': 't',
    'output_audio_mtok': 'A',
    'requests_kcount': 'q',
}

# Without any price in the data: given away, as the vendors' pages or the names say …
FREE = {
    'gemma-3', 'gemma-3n', 'gemma-4-26b-a4b-it', 'gemma-4-31b-it', 'moderation',
    'gemini-2.5-pro-exp-03-25', 'google/gemini-flash-1.5-8b-exp', 'stealth/crouton-alpha',
}  # fmt: skip

# … or sold by something that is not in the data.
UNKNOWN = {
    'qwen-3-coder-480b',  # no longer sold
    'google/lyria-3-clip-preview', 'google/lyria-3-pro-preview',  # by the song
}  # fmt: skip

LOOKAHEAD = '^(?!.*-[tT][tT][sS](?:$|-))'

HEADER = f"""\
# What models cost: dollars per million tokens. `cargo xtask prices` writes this file; see `table.rs` for its grammar.
# From the facts in genai-prices {version('genai-prices')} (https://github.com/pydantic/genai-prices), MIT License,
# Copyright (c) Pydantic Services Inc. 2025 to present; the whole notice stands in `docs/licences.md`.
"""


def patterns(clause):
    """Returns alternatives: `*` is any text, `#` a digit, `&` both, `!` not."""
    match clause:
        case ClauseEquals(equals=text):
            return [text.lower()]
        case ClauseStartsWith(starts_with=text):
            return [text.lower() + '*']
        case ClauseEndsWith(ends_with=text):
            return ['*' + text.lower()]
        case ClauseContains(contains=text):
            return ['*' + text.lower() + '*']
        case ClauseRegex(regex=text):
            return regex(text)
        case ClauseOr(or_=clauses):
            return [it for clause in clauses for it in patterns(clause)]
        case ClauseAnd(and_=clauses):
            parts = [patterns(it) for it in clauses]
            assert all(len(it) == 1 for it in parts), clause
            return ['&'.join(it[0] for it in parts)]
    raise SystemExit(f'a clause that is not known: {clause}')


def regex(text):
    if text == LOOKAHEAD:
        return ['!*-tts&!*-tts-*']
    assert text.startswith('^'), text
    out = text[1:].replace('\\.', '.')
    out = re.sub(r'\\d\{(\d)\}', lambda it: '#' * int(it[1]), out).replace('\\d', '#')
    out = out[:-1] if out.endswith('$') else out + '*'
    choice = re.search(r'\[([^]]*)\]', out)
    all_of_them = [out.replace(choice[0], it) for it in choice[1]] if choice else [out]
    assert all(re.fullmatch(r'[a-z0-9./@#*-]+', it) for it in all_of_them), text
    return all_of_them


def number(price):
    """Nine digits: a nano-dollar per million tokens."""
    text = format(price.quantize(Decimal('1e-9'), ROUND_HALF_UP).normalize(), 'f')
    return text[1:] if text.startswith('0.') else text


def rates(prices):
    """Returns the classes and, for each number of input tokens above which they differ, those."""
    known = {name: prices.__dict__.get(name) for name in CLASSES}
    known = {name: it for name, it in known.items() if it is not None}
    tiered = {name: it.tiers for name, it in known.items() if isinstance(it, TieredPrices)}
    base = {name: it.base if name in tiered else it for name, it in known.items()}
    text = ''.join(CLASSES[name] + number(it) for name, it in base.items())
    starts = sorted({tier.start for tiers in tiered.values() for tier in tiers})
    assert len(starts) <= 2, 'see `STEPS` in `price.rs`'
    for start in starts:
        text += f'>{start}'
        for name, tiers in tiered.items():
            text += ''.join(CLASSES[name] + number(it.price) for it in tiers if it.start == start)
    return text.removeprefix('i')


def when(constraint):
    match constraint:
        case None:
            return ''
        case StartDateConstraint(start_date=day):
            return f'{day} '
    start, end = constraint.start_time, constraint.end_time
    assert all(it.second == 0 and not it.utcoffset() for it in (start, end)), constraint
    return f'{start:%H:%M}-{end:%H:%M} '


def offers(model):
    """Returns the prices with the times from which, or between which, they hold."""
    if not isinstance(model.prices, list):
        alternatives = [ConditionalPrice(prices=model.prices)]
    else:
        alternatives = model.prices
    if not any(value is not None for it in alternatives for value in it.prices.__dict__.values()):
        assert model.id in FREE | UNKNOWN or ':free' in model.id, f'is {model.id} given away?'
        return '' if model.id in UNKNOWN else '0'
    kinds = {type(it.constraint) for it in alternatives}
    only_dates = kinds <= {type(None), StartDateConstraint}
    out = []
    for it in alternatives:
        text = rates(it.prices)
        # What differs may be a price that is left out here.
        if not (only_dates and out and out[-1][1] == text):
            out.append((when(it.constraint), text))
    return ';'.join(date + text for date, text in out)


def line(names, prices):
    """Names that go on where the first one ends are written as `+` and the rest."""
    base = names[0].removesuffix('*')
    if re.search(r'[*#&!]', base):
        return ','.join(names) + '=' + prices
    rest = ['+' + it[len(base) :] if it.startswith(base) and '&' not in it else it for it in names[1:]]
    return ','.join([names[0], *rest]) + '=' + prices


def section(provider):
    models = [(list(dict.fromkeys(patterns(it.match))), offers(it)) for it in provider.models]
    bad = [it for names, _ in models for it in names if not re.fullmatch(r'[a-z0-9~_./:@#*&!-]+', it)]
    assert not bad, bad
    yield ' '.join(['@' + provider.id, *(provider.fallback_model_providers or [])])
    yield from (line(*it) for it in models)


by_id = {it.id: it for it in providers}
sys.stdout.write(HEADER)
for seller in SELLERS:
    sys.stdout.writelines(it + '\n' for it in section(by_id[seller]))
