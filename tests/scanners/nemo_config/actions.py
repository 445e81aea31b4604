"""Actions of the rails: no language model is asked."""

import asyncio
import time

from nemoguardrails.actions import action


@action(name="words_are_fine")
async def words_are_fine(text: str) -> bool:
    if "explode" in text:
        raise ValueError("failed on " + text)
    if "dawdle" in text:
        await asyncio.sleep(60)
    if "hog" in text:
        time.sleep(0.5)
    await asyncio.sleep(0.01)
    return "forbidden" not in text


@action(name="masked")
async def masked(text: str) -> str:
    return text.replace("secret", "***")
