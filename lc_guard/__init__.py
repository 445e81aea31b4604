"""placeholder front door"""
