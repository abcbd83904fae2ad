<?php
/**
 * A plugin that lowers the largest page of REST to 30.
 */

add_action(
	'init',
	static function () {
		$lower = static function ( $parameters ) {
			$parameters['per_page']['maximum'] = 30;
			return $parameters;
		};
		foreach ( array( 'post', 'page', 'book', 'film', 'category', 'post_tag', 'genre', 'mood' ) as $name ) {
			add_filter( "rest_{$name}_collection_params", $lower );
		}
	},
	99
);
