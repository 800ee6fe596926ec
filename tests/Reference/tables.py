#!/usr/bin/env python3
"""Logistic or linear regression and the multi-layer perceptron of scikit-learn, with their defaults, on the tables of docs/results.md.

The folds are those of `train --fold I/5` (data_order.py has their order a second time), inputs are standardised over the training part,
empty cells filled with its mean, texts one-hot: as `train --missing mean` reads the tables. The perceptron runs with three seeds.

    python3 tests/Reference/tables.py FOLDER > tests/Reference/tables.json     FOLDER has tabular-small and tabular-california-housing;
                                                                              needs python3-sklearn and python3-pandas
"""
import json
import sys
import warnings

import numpy as np
import pandas as pd
import sklearn
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from data_order import derive, epoch_order

FOLDS, SEEDS, SPLIT = 5, (1, 2, 3), 0x53504C4954
TABLES = [
    "tabular-small/iris.csv", "tabular-small/wine.csv", "tabular-small/banknote_authentication.csv", "tabular-small/sonar.csv",
    "tabular-small/ionosphere.csv", "tabular-small/breast-cancer-wisconsin.csv", "tabular-small/pima-indians-diabetes.csv",
    "tabular-california-housing/housing.csv.gz",
]


def read(path):
    if "housing" in path:
        table = pd.read_csv(path)
        return pd.get_dummies(table.drop(columns="median_house_value")).astype(float).to_numpy(), table["median_house_value"].to_numpy(float)
    table = pd.read_csv(path, header=None, na_values="?")
    return table.iloc[:, :-1].to_numpy(float), table.iloc[:, -1].to_numpy()


def folds(count):
    order = epoch_order(derive(0, SPLIT), 0, count)
    for fold in range(FOLDS):
        test = np.zeros(count, bool)
        test[order[count * fold // FOLDS:count * (fold + 1) // FOLDS]] = True
        yield ~test, test


def score(model, x, y, train, test):
    means = np.nanmean(x[train], axis=0)
    x = np.where(np.isnan(x), means, x)
    scaler = StandardScaler().fit(x[train])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(model.fit(scaler.transform(x[train]), y[train]).score(scaler.transform(x[test]), y[test]))


def main():
    results = {}
    for table in TABLES:
        x, y = read(f"{sys.argv[1]}/{table}")
        isclass = "housing" not in table
        linear = LogisticRegression if isclass else LinearRegression
        perceptron = MLPClassifier if isclass else MLPRegressor
        parts = list(folds(len(y)))
        results[table] = {
            "rows": len(y),
            "linear": [score(linear(), x, y, *part) for part in parts],
            "mlp": [float(np.mean([score(perceptron(random_state=seed), x, y, *part) for seed in SEEDS])) for part in parts],
        }
        print(table, {k: round(float(np.mean(v)), 4) for k, v in results[table].items()}, file=sys.stderr, flush=True)
    print(json.dumps({"sklearn": sklearn.__version__, "tables": results}, indent=1))


main()
