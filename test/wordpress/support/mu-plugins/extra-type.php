<?php
/**
 * A change of the site's structure: one more post type.
 */

add_action(
	'init',
	static function () {
		register_post_type(
			'recipe',
			array(
				'label'        => 'Recipes',
				'public'       => true,
				'show_in_rest' => true,
			)
		);
	}
);
