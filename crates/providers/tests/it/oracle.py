# Answers `prices.rs`: what the Python package `genai-prices` says about names, usages and replies.
#
# One JSON question per line comes in, one JSON answer per line goes out.

import json
import re
import sys
from datetime import UTC, datetime
from decimal import Decimal

from genai_prices import Usage, calc_price, extract_usage
from genai_prices.data import providers
from genai_prices.types import ClauseRegex, ConditionalPrice, StartDateConstraint, TieredPrices

TOKENS = ('input', 'cache_read', 'cache_write', 'cache_write_1h', 'output', 'output_reasoning')
CLASSES = {f'{it}_mtok' for it in TOKENS} | {'input_audio_mtok', 'output_audio_mtok'}


def table(sellers):
    """Returns the names by which models can be asked for, and where their prices change."""
    names, days, tokens = [], set(), set()
    for provider in providers:
        if provider.id not in sellers:
            continue
        for model in provider.models:
            names += [(provider.id, it) for it in dict.fromkeys([model.id, *asked(model.match)])]
            for it in alternatives(model):
                if isinstance(it.constraint, StartDateConstraint):
                    days.add(str(it.constraint.start_date))
                for price in it.prices.__dict__.values():
                    if isinstance(price, TieredPrices):
                        tokens.update(tier.start for tier in price.tiers)
    return {'names': names, 'days': sorted(days), 'tokens': sorted(tokens)}


def alternatives(model):
    many = isinstance(model.prices, list)
    return model.prices if many else [ConditionalPrice(prices=model.prices)]


def asked(clause):
    if isinstance(clause, ClauseRegex):
        if clause.regex.startswith('^(?!'):
            return []
        text = clause.regex.strip('^$').replace('\\.', '.')
        text = re.sub(r'\\d(?:\{(\d)\})?', lambda it: '20261014'[: int(it[1] or 1)], text)
        return [text.replace('[-@]', it) for it in '-@']
    kind, value = next(iter(clause.__dict__.items()))
    if kind in ('or_', 'and_'):
        return [it for inner in value for it in asked(inner)]
    return [value]


def cost(usage):
    """Tells totals, of which the classes are parts; the classes of ours never overlap."""
    it = usage.get
    written = it('cache_write_tokens', 0) + it('cache_write_long_tokens', 0)
    heard, spoken = it('audio_input_tokens', 0), it('audio_output_tokens', 0)
    return Usage(
        input_tokens=it('input_tokens', 0) + it('cache_read_tokens', 0) + written + heard,
        cache_read_tokens=it('cache_read_tokens', 0),
        cache_write_tokens=written,
        cache_write_1h_tokens=it('cache_write_long_tokens', 0),
        input_audio_tokens=heard,
        cache_audio_read_tokens=0,
        output_tokens=it('output_tokens', 0) + it('reasoning_tokens', 0) + spoken,
        output_reasoning_tokens=it('reasoning_tokens', 0),
        output_audio_tokens=spoken,
    )


def answer(question):
    if 'sellers' in question:
        return table(question['sellers'])
    seller, model = question['seller'], question['model']
    usage = question.get('usage')
    if usage is not None:
        usage = cost(usage)
    else:
        reply = question['reply']
        try:
            usage = extract_usage(reply, provider_id=seller, api_flavor=question['flavor']).usage
        except ValueError as error:
            return {'unreadable': str(error)}
        # Sold beside the tokens.
        usage = Usage(**{key: it for key, it in usage.__dict__.items() if 'searches' not in key})
    at = datetime.fromtimestamp(question['at'], UTC)
    try:
        it = calc_price(usage, model, provider_id=seller, genai_request_timestamp=at)
    except LookupError:
        return None
    prices = {key: value for key, value in it.model_price.__dict__.items() if value is not None}
    return {
        # As the package's own arithmetic rounds.
        'nano': int(it.total_price.quantize(Decimal('1e-9')).scaleb(9)),
        'model': it.model.id,
        'priced': sorted(prices),
        'by_tokens': any(key in CLASSES for key in prices),
        'exact': not any(
            isinstance(value, Decimal) and value.as_tuple().exponent < -9 for value in prices.values()
        ),
    }


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
