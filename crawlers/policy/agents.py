"""The names under which crawlers that gather training data ask robots.txt; data, to be added to."""

TRAINING_AGENTS = frozenset(
    name.lower()
    for name in (
        *(
            "AI2Bot",
            "Ai2Bot-Dolma",
            "Amazonbot",
            "anthropic-ai",
            "Applebot-Extended",
            "Brightbot 1.0",
            "Bytespider",
            "CCBot",
        ),
        *("ChatGLM-Spider", "ClaudeBot", "Claude-Web", "cohere-ai", "cohere-training-data-crawler", "Cotoyogi"),
        *(
            "Datenbank Crawler",
            "DeepSeekBot",
            "Diffbot",
            "FacebookBot",
            "Factset_spyderbot",
            "Google-Extended",
            "GPTBot",
            "ICC-Crawler",
        ),
        *(
            "ImagesiftBot",
            "ISSCyberRiskCrawler",
            "imageSpider",
            "img2dataset",
            "Kangaroo Bot",
            "laion-huggingface-processor",
        ),
        *("LCC", "meta-externalagent", "netEstate Imprint Crawler", "omgili", "omgilibot", "PanguBot", "Panscient"),
        *("SBIntuitionsBot", "Scrapy", "Sidetrade indexer bot", "Spawning-AI", "TikTokSpider", "Timpibot"),
        *("VelenPublicWebCrawler", "Webzio-Extended", "YandexAdditional", "YandexAdditionalBot"),
    )
)
