#!/usr/bin/env bash
# In scikit-learn a row can be 2.5 times as similar to itself as the cosine allows.
#
# scikit-learn 1.9.1, scipy 1.17.1, numpy 2.4.6.
#
# Guess before the run: a CSR matrix may hold an entry in parts, scipy takes the sum of them for its value, and so
# a scikit-learn estimator that accepts sparse input answers as on the dense matrix, or asks for a canonical form.
#
# Seen: some do, and some silently take each part for a value of its own. `normalize` divides by a wrong norm,
# `cosine_similarity` of a row with itself is 1.67 and 2.46, StandardScaler and VarianceThreshold compute a wrong
# variance, NearestNeighbors wrong distances, and Lasso, LinearSVR and SVR fit other weights. Ridge, LogisticRegression,
# trees and TruncatedSVD are right. `matrix.sum_duplicates()` first makes all of them agree.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
                       entries in parts  after sum_duplicates
MaxAbsScaler           as dense          as dense
Ridge                  as dense          as dense
LogisticRegression     as dense          as dense
DecisionTreeRegressor  as dense          as dense
TruncatedSVD           as dense          as dense
manhattan_distances    as dense          as dense
StandardScaler         different         as dense
VarianceThreshold      different         as dense
normalize              different         as dense
cosine_similarity      different         as dense
euclidean_distances    different         as dense
NearestNeighbors       different         as dense
KMeans                 different         as dense
Lasso                  different         as dense
LinearSVR              different         as dense
SVR                    different         as dense
similarity of each row with itself: 1.67 1.00 2.46
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" <<'CODE'
import numpy as np
import scipy.sparse
from sklearn import cluster, decomposition, feature_selection, linear_model, neighbors, preprocessing, svm, tree
from sklearn.metrics import pairwise


def in_parts():
    """[[2, 1, 0], [0, 2, 0], [0, 0, 8]], with 2 as 1 + 1 and 8 as 4 + 1 + 3."""
    values = np.array([1.0, 1, 1, 2, 4, 1, 3])
    columns, starts = np.array([0, 0, 1, 1, 2, 2, 2], np.int32), np.array([0, 3, 4, 7], np.int32)
    return scipy.sparse.csr_array((values, columns, starts), shape=(3, 3))


def coefficients(model, target=(1, 2, 3)):
    return lambda matrix: model.fit(matrix, target).coef_


TRIED = {
    "MaxAbsScaler": lambda matrix: preprocessing.MaxAbsScaler().fit(matrix).max_abs_,
    "Ridge": coefficients(linear_model.Ridge()),
    "LogisticRegression": coefficients(linear_model.LogisticRegression(), (0, 1, 1)),
    "DecisionTreeRegressor": lambda matrix: (
        tree.DecisionTreeRegressor(random_state=0).fit(matrix, (1, 2, 3)).predict(matrix)
    ),
    "TruncatedSVD": lambda matrix: (
        decomposition.TruncatedSVD(2, random_state=0).fit(matrix).singular_values_
    ),
    "manhattan_distances": pairwise.manhattan_distances,
    "StandardScaler": lambda matrix: preprocessing.StandardScaler(with_mean=False).fit(matrix).scale_,
    "VarianceThreshold": lambda matrix: feature_selection.VarianceThreshold().fit(matrix).variances_,
    "normalize": preprocessing.normalize,
    "cosine_similarity": pairwise.cosine_similarity,
    "euclidean_distances": pairwise.euclidean_distances,
    "NearestNeighbors": lambda matrix: (
        neighbors.NearestNeighbors(n_neighbors=2).fit(matrix).kneighbors()[0]
    ),
    "KMeans": lambda matrix: cluster.KMeans(2, random_state=0, n_init=1).fit(matrix).inertia_,
    "Lasso": coefficients(linear_model.Lasso(alpha=0.01)),
    "LinearSVR": coefficients(svm.LinearSVR(random_state=0)),
    "SVR": lambda matrix: svm.SVR(gamma=1).fit(matrix, (1, 2, 3)).predict(matrix),
}


def dense(result):
    return result.toarray() if scipy.sparse.issparse(result) else np.asarray(result)


print(f"{'':22} entries in parts  after sum_duplicates")
for name, use in TRIED.items():
    words = []
    expected = dense(use(in_parts().toarray()))
    for sum_first in (False, True):
        matrix = in_parts()
        if sum_first:
            matrix.sum_duplicates()
        words.append("as dense" if np.allclose(dense(use(matrix)), expected, atol=1e-3) else "different")
    print(f"{name:22} {words[0]:17} {words[1]}")
itself = pairwise.cosine_similarity(in_parts()).diagonal()
print("similarity of each row with itself:", *(f"{each:.2f}" for each in itself))
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
