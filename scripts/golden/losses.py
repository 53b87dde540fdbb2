"""Values and gradients of stage 2's further losses, of PyTorch in float64: src/core/objectives/golden.json.

    python3 scripts/golden/losses.py > src/core/objectives/golden.json

The formulas are those of their sources, written with torch's own functions: DistilKLDivLoss is kl_div of log_softmax and
softmax times the squared temperature; margin MSE is mse_loss of the margins; InfoNCE is cross_entropy.
"""
import json
import torch
import torch.nn.functional as F

torch.manual_seed(3)
torch.set_default_dtype(torch.float64)
ROWS, SIZE, SAMPLED = 4, 6, 3
COLUMNS = ROWS + SAMPLED
# What float32 holds, so that both sides start from the same numbers.
draw = lambda *shape: torch.randn(*shape).float().double()
student, teacher, documents = draw(ROWS, SIZE), 2 * draw(ROWS, SIZE), 3 * draw(COLUMNS, SIZE)
counts = torch.ones(ROWS, COLUMNS)
counts[0, 2] = counts[1, 5] = counts[3, 0] = 0
labelled = torch.tensor([1.0, 0.0, 1.0, 1.0]) * ROWS / 3
TEACHER_T, STUDENT_T, NCE_T = 0.4, 0.25, 0.2


def cosines(x, d):
    return F.normalize(x, dim=1) @ F.normalize(d, dim=1).T


def kl(s, size, first=0):
    d = documents[first:, :size]
    p = F.softmax(cosines(teacher[:, :size], d) / TEACHER_T, dim=1)
    log_q = F.log_softmax(cosines(s[:, :size], d) / STUDENT_T, dim=1)
    return F.kl_div(log_q, p, reduction="batchmean") * STUDENT_T**2


def margin(s, size):
    a, b = cosines(s[:, :size], documents[:, :size]), cosines(teacher[:, :size], documents[:, :size])
    rows = []
    for i in range(ROWS):
        others = [j for j in range(COLUMNS) if j != i and counts[i, j] == 1]
        rows.append(F.mse_loss(a[i, i] - a[i, others], b[i, i] - b[i, others]))
    return (torch.stack(rows) * labelled).mean()


def info_nce(s, size):
    z = (cosines(s[:, :size], documents[:, :size]) / NCE_T).masked_fill(counts == 0, float("-inf"))
    return (F.cross_entropy(z, torch.arange(ROWS), reduction="none") * labelled).mean()


def case(loss, *rest):
    s = student.clone().requires_grad_()
    value = loss(s, *rest)
    value.backward()
    return {"value": value.item(), "gradient": s.grad.flatten().tolist()}


prefixes = lambda loss: lambda s: loss(s, SIZE) + loss(s, SIZE // 2)
flat = lambda t: t.flatten().tolist()
print(
    json.dumps(
        {
            "rows": ROWS,
            "size": SIZE,
            "columns": COLUMNS,
            "student": flat(student),
            "teacher": flat(teacher),
            "documents": flat(documents),
            "counts": flat(counts),
            "labelled": flat(labelled),
            "numbers": {"klTeacherTemperature": TEACHER_T, "klStudentTemperature": STUDENT_T, "infoNceTemperature": NCE_T},
            "cases": {
                "kl": case(kl, SIZE),
                "kl of sampled documents": case(kl, SIZE, ROWS),
                "margin": case(margin, SIZE),
                "infoNce": case(info_nce, SIZE),
                "kl, Matryoshka": case(prefixes(kl)),
                "margin, Matryoshka": case(prefixes(margin)),
                "infoNce, Matryoshka": case(prefixes(info_nce)),
            },
        },
        indent=1,
    )
)
