#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes transforms/steps/article_model.inc: boosted trees that tell article blocks from the rest.

usage: train_extract.py GOLD_DIR OUT SET=BLOCKS.tsv:WEIGHT ... [--trees N] [--leaves N]

GOLD_DIR/SET/gold.json holds the articles; BLOCKS.tsv is what `extract_gold SET --blocks FILE` wrote, so
that training and serving see the same features. A block is positive when most of its words occur in
the article in the same order; lines that the gold marks as optional are left out of training. Needs
scikit-learn. Deterministic: the same input gives the same file.
"""
import argparse
import json
import re
import sys
import unicodedata

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

WIDE = '\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af'
TOKEN = re.compile('[%s]|[^\\W%s]+' % (WIDE, WIDE))


def tokens(text):
    return TOKEN.findall(unicodedata.normalize('NFKC', text).casefold())


def grams(words, size):
    return {tuple(words[i:i + size]) for i in range(len(words) - size + 1)}


class Article:
    def __init__(self, gold):
        body = gold.get('body') or gold.get('articleBody') or ''
        words = tokens(body)
        self.known = {size: grams(words, size) for size in (1, 2, 3, 4)}
        self.lines = {' '.join(tokens(line)) for line in body.split('\n')}
        optional = [line for flag, line in (gold.get('lines') or []) if flag]
        self.optional = {' '.join(tokens(line)) for line in optional}
        self.usable = gold.get('usable', True) is not False and bool(words)

    def label(self, text):
        """1, 0, or None when the block says nothing."""
        words = tokens(text)
        if not words:
            return None
        joined = ' '.join(words)
        if joined in self.optional:
            return None
        if joined in self.lines:
            return 1
        size = min(4, len(words))
        mine = grams(words, size)
        share = len(mine & self.known[size]) / len(mine)
        if len(words) < 4:
            # A short line inside a longer gold line may be chance: say nothing.
            return 0 if share < 1 else None
        return 1 if share >= 0.6 else 0 if share < 0.3 else None


def load(gold_dir, name, path, set_weight):
    gold = json.load(open(f'{gold_dir}/{name}/gold.json'))
    articles = {}
    rows, labels, weights = [], [], []
    for line in open(path, errors='replace'):
        parts = line.rstrip('\n').split('\t')
        page = parts[0]
        if page not in gold:
            continue
        if page not in articles:
            articles[page] = Article(gold[page])
        article = articles[page]
        if not article.usable:
            continue
        label = article.label(parts[1])
        if label is None:
            continue
        rows.append(np.array(parts[2:], dtype=np.float32))
        labels.append(label)
        weights.append(set_weight * (len(tokens(parts[1])) + 3) ** 0.6)
    return rows, labels, weights


def flatten(model):
    """One line a node: feature, threshold, left child, right child, value (leaves: feature 255)."""
    trees = []
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        trees.append([(255, 0.0, 0, 0, float(n['value'])) if n['is_leaf'] else
                      (int(n['feature_idx']), float(np.float32(n['num_threshold'])),
                       int(n['left']), int(n['right']), 0.0) for n in nodes])
    return trees


def write(model, out, origin):
    trees = flatten(model)
    base = float(np.ravel(model._baseline_prediction)[0])
    lines = ['// SPDX-License-Identifier: Apache-2.0',
             '// Made by tests/support/train_extract.py; do not edit.', f'// {origin}',
             f'constexpr float kBase = {base:.6g}F;', 'constexpr uint16_t kRoots[] = {']
    roots, nodes = [], []
    for tree in trees:
        offset = len(nodes)
        roots.append(offset)
        for feature, threshold, left, right, value in tree:
            if feature == 255:
                nodes.append(f'{{{value:.6g}F, 0, 255}}')
            else:
                nodes.append(f'{{{threshold:.9g}F, {offset + right}, {feature}}}')
    # Depth first order: the left child follows its parent.
    for tree in trees:
        for i, node in enumerate(tree):
            assert node[0] == 255 or node[2] == i + 1, 'nodes are not in depth first order'
    def fix(text):
        return re.sub(r'(?<![\w.-])(-?\d+)F', r'\1.0F', text)
    lines += ['    ' + ', '.join(str(r) for r in roots[i:i + 16]) + ',' for i in range(0, len(roots), 16)]
    lines += ['};', 'constexpr TreeNode kNodes[] = {']
    lines += ['    ' + ', '.join(fix(n) for n in nodes[i:i + 4]) + ',' for i in range(0, len(nodes), 4)]
    lines += ['};', '']
    open(out, 'w').write('\n'.join(lines))
    return len(trees), len(nodes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('gold')
    parser.add_argument('out')
    parser.add_argument('sets', nargs='+')
    parser.add_argument('--trees', type=int, default=100)
    parser.add_argument('--leaves', type=int, default=16)
    options = parser.parse_args()
    rows, labels, weights = [], [], []
    for item in options.sets:
        name, rest = item.split('=')
        path, weight = rest.rsplit(':', 1)
        r, l, w = load(options.gold, name, path, float(weight))
        print(f'{name}: {len(l)} blocks, {sum(l)} positive', file=sys.stderr)
        rows += r
        labels += l
        weights += w
    model = HistGradientBoostingClassifier(max_iter=options.trees, max_leaf_nodes=options.leaves,
                                           learning_rate=0.12, min_samples_leaf=60, l2_regularization=5.0,
                                           max_bins=64, early_stopping=False, random_state=7)
    model.fit(np.array(rows), np.array(labels), sample_weight=np.array(weights))
    names = ' '.join(item.split('=')[0] for item in options.sets)
    print(write(model, options.out, f'Trained on the development pages of: {names}.'), file=sys.stderr)


if __name__ == '__main__':
    main()
