"""Names that are one thing get one page; names that only look alike do not."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from kg.records import Extraction, Mention, PaperEntity, Span
from kg.resolve import Resolution, resolve
from kg.resolve.resolution import NO_ALIAS


def entity(type_: str, *surfaces: str, role: str = "uses") -> PaperEntity:
    mentions = tuple(Mention(Span("abstract", 10 * i, 10 * i + len(s)), s) for i, s in enumerate(surfaces))
    return PaperEntity(surfaces[0], type_, role, surfaces, mentions)


def resolved(*papers: Iterable[PaperEntity], definitions: tuple[tuple[str, str], ...] = ()) -> Resolution:
    return resolve(Extraction(f"p{n}", tuple(entities), (), definitions) for n, entities in enumerate(papers))


def one_each(type_: str, names: Iterable[str]) -> Resolution:
    return resolved(*([entity(type_, name)] for name in names))


@pytest.mark.parametrize(
    ("type_", "names"),
    [
        ("model", ["Llama 2", "LLaMA-2", "Llama2", "llama-2", "LLaMA 2"]),
        ("model", ["Llama-2-70B-chat", "70B Llama 2-Chat", "Llama 2-Chat 70B", "LLaMA2-70B-Chat"]),
        ("model", ["Tülu 2", 'T\\"ulu 2', "Tulu 2", 'T\\"ULU~2']),
        ("model", ["Claude 3.5 Sonnet", "Claude Sonnet 3.5", "claude-3.5-sonnet"]),
        ("model", ["GPT-4o-mini", "GPT-4o mini", "gpt4o-mini"]),
        ("model", ["ViT-L/14", "ViT-L14", "ViT-Large/14"]),
        ("model", ["Vision Transformer", "vision transformers", "Vision Transformers"]),
        ("model", ["DeepSeek-R1", "Deepseek R1", "DeepSeekR1"]),
        ("model", ["YOLOv8n", "YOLO v8n", "YOLO8n", "YOLOv8-n"]),
        ("benchmark", ["AIME 2024", "AIME24", "AIME2024", "AIME'24", "AIME-2024"]),
        ("benchmark", ["GSM8K", "GSM-8K", "gsm8k"]),
        ("benchmark", ["$\\tau$-bench", "τ-bench", "TAU-bench", "tau bench"]),
        ("method", ["reinforcement learning", "Reinforcement-Learning", "reinforcement  learning"]),
        ("method", ["chain of thought", "Chains-of-Thought", "Chain-ofThought"]),
        ("method", ["optimisation by tokenisation", "optimization by tokenization"]),
    ],
)
def test_spellings_of_one_name_are_one_entity(type_: str, names: list[str]) -> None:
    found = one_each(type_, names)
    assert len(set(found.entity_of.values())) == 1


@pytest.mark.parametrize(
    ("type_", "names"),
    [
        ("model", ["Llama", "Code Llama", "TinyLlama", "Llama-3-Physician", "Llama Guard"]),
        ("model", ["T5", "Flan-T5", "mT5", "CodeT5", "CodeT5+"]),
        ("model", ["Qwen2.5", "Qwen2.5-Math", "Qwen2.5-7B", "Qwen2.5-72B", "Qwen2"]),
        ("model", ["GPT-4", "GPT-4o", "GPT-4V", "GPT-4.1", "GPT-4o mini"]),
        ("benchmark", ["CIFAR-10", "CIFAR-100", "CIFAR-10-C"]),
        ("benchmark", ["MMLU", "MMLU-Pro", "MMLU-Redux"]),
        ("benchmark", ["HumanEval", "HumanEval+"]),
        ("benchmark", ["AIME 2024", "AIME 2025", "AIME"]),
    ],
)
def test_names_that_only_look_alike_stay_apart(type_: str, names: list[str]) -> None:
    found = one_each(type_, names)
    assert len(set(found.entity_of.values())) == len(names)


def test_a_size_hangs_below_its_version_and_the_version_below_the_family() -> None:
    found = one_each("model", ["Llama-2-7B-chat"])
    edges = {(v.child, v.parent) for v in found.variants}
    assert edges == {("model/llama-2-7b-chat", "model/llama-2"), ("model/llama-2", "model/llama")}
    assert {e.family for e in found.entities} == {"model/llama"}


def test_one_acronym_with_two_full_forms_stays_two_things() -> None:
    found = resolved(
        [entity("model", "SiT", "Scalable Interpolant Transformers")],
        [entity("model", "SiT", "Scalable Interpolant Transformer")],
        [entity("model", "SiT", "Self-supervised vIsion Transformer")],
    )
    assert found.entity_of["p0", 0] == found.entity_of["p1", 0] != found.entity_of["p2", 0]
    assert len({e.label for e in found.entities}) == 2
    assert all("(" in e.label for e in found.entities)


def test_full_forms_that_are_spellings_of_each_other_are_one_thing() -> None:
    found = resolved(
        [entity("method", "RAG", "Retrieval-Augmented Generation")],
        [entity("method", "RAG", "retrieval augmented generator")],
        [entity("method", "Retrieval augmented generation")],
        [entity("method", "RAG")],
    )
    assert [e.name for e in found.entities] == ["RAG"]


def test_a_full_form_is_the_same_in_any_form_of_its_words() -> None:
    written = ["Supervised Fine-Tuning", "supervised fine-tuned", "Supervised Fine-tune"]
    found = resolved(*([entity("method", "SFT", long)] for long in written))
    assert [(e.label, {s.surface for s in e.spellings}) for e in found.entities] == [("SFT", {"SFT", *written})]


def test_words_before_a_full_form_make_a_variant_and_no_alias() -> None:
    qualified, full = "flow-guided Monte Carlo Tree Search", "Monte Carlo Tree Search"
    found = resolved(
        [entity("method", qualified, "MCTS")],
        [entity("method", qualified, full, "MCTS")],
        [entity("method", full, "MCTS")],
        [entity("method", qualified)],
        definitions=(("MCTS", full),),
    )
    assert [found.entity_of[f"p{n}", 0] for n in range(3)] == ["method/mcts"] * 3
    assert found.entity_of["p3", 0] == "method/flow-guided-monte-carlo-tree-search"
    (mcts,) = found.find("MCTS")
    assert {s.surface for s in mcts.spellings if s.rule not in NO_ALIAS} == {"MCTS", full}


def test_one_wrong_definition_does_not_join_two_big_things() -> None:
    right = [[entity("method", "GRPO")] for _ in range(30)] + [[entity("method", "RAG")] for _ in range(30)]
    found = resolved(*right, [entity("method", "RAG", "GRPO")])
    assert len(found.entities) == 2


def test_a_name_that_two_papers_introduce_in_their_titles_is_two_things() -> None:
    def introduced(name: str) -> PaperEntity:
        return PaperEntity(name, "method", "introduces", (name,), (Mention(Span("title", 0, len(name)), name),))

    found = resolved([introduced("RefAlign")], [introduced("RefAlign")])
    assert {e.label for e in found.entities} == {"RefAlign (p0)", "RefAlign (p1)"}
    used = [[entity("method", "LoRA")]] * 9
    assert len(resolved(*used, [introduced("LoRA")], [introduced("LoRA")]).entities) == 1


def test_an_acronym_within_a_name_is_read_as_its_full_form() -> None:
    found = resolved(
        [entity("method", "RL", "reinforcement learning")],
        [entity("method", "multi-agent RL")],
        [entity("method", "multi-agent reinforcement learning")],
    )
    assert found.entity_of["p1", 0] == found.entity_of["p2", 0] != found.entity_of["p0", 0]


def test_data_set_and_benchmark_of_one_name_are_one_page_of_the_majority_type() -> None:
    found = resolved(*[[entity("benchmark", "ImageNet")]] * 3, [entity("dataset", "ImageNet")])
    assert [e.id for e in found.entities] == ["benchmark/imagenet"]


def test_alpaca_the_data_and_alpaca_the_model_are_two() -> None:
    found = resolved([entity("dataset", "Alpaca")], [entity("model", "Alpaca")], [entity("model", "Alpaca-7B")])
    assert {e.label for e in found.entities} >= {"Alpaca (dataset)", "Alpaca (model)"}


def test_every_merge_can_be_explained() -> None:
    found = resolved([entity("model", "Tulu 2")], [entity("model", 'T\\"ulu 2'), entity("model", "Tülu-2")])
    (told,) = found.explain("tulu 2")
    assert {s["surface"]: (s["papers"], bool(s["rule"])) for s in told["spellings"]} == {
        "Tulu 2": (1, True),
        'T\\"ulu 2': (1, True),
        "Tülu-2": (1, True),
    }
