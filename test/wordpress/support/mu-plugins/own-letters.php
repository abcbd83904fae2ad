<?php
/**
 * Writes some letters of slugs in its own way, as plugins for transliteration do.
 */

add_filter(
	'sanitize_title',
	static function ( $title ) {
		return strtr(
			mb_strtolower( urldecode( $title ), 'UTF-8' ),
			array(
				'п' => 'p',
				'р' => 'r',
				'о' => 'o',
				'г' => 'g',
				'д' => 'd',
				'а' => 'a',
			)
		);
	},
	9
);
